// Which names a layer had so far, in bounded memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/layer_tar/name_set.hpp"

namespace sealos::containers_storage {

/// A set of 64-bit hashes. Of those behind the first 700,000 it may say, of about one in 20,000,
/// that it was there already when it was not; never the reverse. 8 MB, and 3 bytes for each hash
/// beyond: 40 MB for ten million.
class SeenNames {
 public:
  /// False if it was in it.
  bool insert(std::uint64_t hash) {
    if (exact_.contains(hash) || is_in_filters(hash)) return false;
    if (count_ < kExact) {
      ++count_;
      return exact_.insert(hash);
    }
    if ((count_ - kExact) % kPerFilter == 0) filters_.emplace_back(kFilterWords);
    ++count_;
    for (const std::uint64_t bit : bits_of(hash)) filters_.back()[bit / 64] |= mask_of(bit);
    return true;
  }
  size_t count() const { return count_; }

 private:
  static constexpr size_t kExact = 700000;
  // Bloom filters, one after another as each becomes full: 24 bits and 8 probes for each hash.
  static constexpr size_t kFilterWords = size_t{1} << 20;
  static constexpr size_t kPerFilter = kFilterWords * 64 / 24;

  static std::uint64_t mask_of(std::uint64_t bit) { return std::uint64_t{1} << (bit % 64); }
  static std::array<std::uint64_t, 8> bits_of(std::uint64_t hash) {
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdULL;
    hash ^= hash >> 33;
    const std::uint64_t step = (hash >> 32) | 1;
    std::array<std::uint64_t, 8> out;
    for (std::uint64_t i = 0; i < out.size(); ++i)
      out[i] = (hash + i * step + i * i) % (kFilterWords * 64);
    return out;
  }
  bool is_in_filters(std::uint64_t hash) const {
    if (filters_.empty()) return false;
    const auto bits = bits_of(hash);
    for (const std::vector<std::uint64_t>& filter : filters_) {
      bool all = true;
      for (const std::uint64_t bit : bits) all = all && (filter[bit / 64] & mask_of(bit)) != 0;
      if (all) return true;
    }
    return false;
  }

  layer_tar::NameSet exact_;
  size_t count_ = 0;
  std::vector<std::vector<std::uint64_t>> filters_;
};

}  // namespace sealos::containers_storage
