// Which names were seen, in few bytes each.
#pragma once

#include <cstdint>
#include <vector>

namespace sealos::layer_tar {

/// A set of 64-bit hashes other than 0.
class NameSet {
 public:
  NameSet() : slots_(1024) {}
  /// False if it was in it.
  bool insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;
    if (4 * (count_ + 1) > 3 * slots_.size()) grow();
    if (!put(slots_, hash)) return false;
    ++count_;
    return true;
  }
  bool contains(std::uint64_t hash) const {
    if (hash == 0) hash = 1;
    for (size_t at = static_cast<size_t>(hash) & (slots_.size() - 1); slots_[at] != 0;
         at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == hash) return true;
    }
    return false;
  }

 private:
  static bool put(std::vector<std::uint64_t>& slots, std::uint64_t hash) {
    size_t at = static_cast<size_t>(hash) & (slots.size() - 1);
    while (slots[at] != 0) {
      if (slots[at] == hash) return false;
      at = (at + 1) & (slots.size() - 1);
    }
    slots[at] = hash;
    return true;
  }
  void grow() {
    std::vector<std::uint64_t> larger(slots_.size() * 2);
    for (const std::uint64_t hash : slots_) {
      if (hash != 0) put(larger, hash);
    }
    slots_.swap(larger);
  }

  std::vector<std::uint64_t> slots_;
  size_t count_ = 0;
};

}  // namespace sealos::layer_tar
