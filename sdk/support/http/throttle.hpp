// A limit to how many bytes a second go over the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "support/http/dial.hpp"

namespace sealos::http {

/// Shared by all connections that the limit is for; what one does not use the others may. Safe
/// for concurrent use.
class Throttle {
 public:
  /// rate: bytes a second; at least 1. within: a limit for more than this one, which counts as
  /// well.
  explicit Throttle(std::int64_t rate, std::shared_ptr<Throttle> within = nullptr)
      : rate_(rate), within_(std::move(within)) {}

  /// Bytes that may be moved in one go, so that the flow stays even.
  size_t piece() const;
  /// Waits until this many bytes may be moved. Throws SEALOS_CANCELLED.
  void take(std::int64_t bytes, const Patience& patience);

 private:
  const std::int64_t rate_;
  const std::shared_ptr<Throttle> within_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_at_ = std::chrono::steady_clock::now();
};

}  // namespace sealos::http
