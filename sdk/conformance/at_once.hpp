// The same thing on several threads at once.
#pragma once

#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "trial.hpp"

namespace sealos::conformance {

/// Runs body(0) to body(count - 1), each on a thread of its own; throws what one of them threw.
template <typename Body>
void at_once(size_t count, Body&& body) {
  std::mutex mutex;
  std::optional<Failure> failure;
  {
    std::vector<std::jthread> all;
    for (size_t i = 0; i < count; ++i) {
      all.emplace_back([&, i] {
        try {
          body(i);
        } catch (const Failure& e) {
          const std::lock_guard lock(mutex);
          failure = e;
        }
      });
    }
  }
  if (failure) throw *failure;
}

}  // namespace sealos::conformance
