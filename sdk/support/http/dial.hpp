// Reaching a host. What waits on the network waits here, so that it can be cancelled.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "support/file/file.hpp"

namespace sealos::http {

/// How long to wait, and for what to stop waiting. Copied freely.
struct Patience {
  std::function<bool()> cancelled;            ///< asked from any thread, often; empty: never
  int cancel_fd = -1;                         ///< polls readable once cancelled
  std::chrono::milliseconds connect{30'000};  ///< for each address, and for the TLS handshake
  std::chrono::milliseconds stall{60'000};    ///< without a single byte

  /// Throws SEALOS_CANCELLED.
  void check() const;
  /// Waits until the descriptor has one of the poll(2) events and returns those it has; 0 after
  /// `limit`. Throws SEALOS_CANCELLED.
  short wait(int fd, short events, std::chrono::milliseconds limit) const;
};

/// A connected, non-blocking socket. Every address of the host is tried in turn. Throws
/// SEALOS_UNAVAILABLE, retryable, if none answers; SEALOS_CANCELLED.
Fd dial_tcp(const std::string& host, std::uint16_t port, const Patience& patience);
Fd dial_unix(const std::string& path, const Patience& patience);

}  // namespace sealos::http
