// Things that are dear to make, for whichever thread needs one.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace sealos::compression {

/// Safe for concurrent use.
template <typename T>
class Pool {
 public:
  /// One that was given back, or what `make` makes.
  template <typename Make>
  T take(Make&& make) {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        T one = std::move(idle_.back());
        idle_.pop_back();
        return one;
      }
    }
    return make();
  }
  void give_back(T one) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(one));
  }

 private:
  std::mutex mutex_;
  std::vector<T> idle_;
};

}  // namespace sealos::compression
