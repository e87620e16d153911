// What a test sets while the threads of its server read it.
#pragma once

#include <mutex>
#include <utility>

namespace sealos::testing {

/// A value of its own lock: set by assignment, read as a copy. Safe for concurrent use.
template <typename T>
class Shared {
 public:
  Shared() = default;
  Shared(T value) : value_(std::move(value)) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  Shared& operator=(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    return *this;
  }
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  operator T() const { return get(); }
  /// Runs `change` with the value while nobody else has it; returns what it returns.
  template <typename Change>
  auto with(Change&& change) {
    const std::lock_guard lock(mutex_);
    return change(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace sealos::testing
