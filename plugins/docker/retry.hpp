// Trying a request again.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "sealos/sdk/host.hpp"
#include "settings.hpp"

namespace sealos::docker {

/// What all requests of one side of a copy share. Safe for concurrent use.
class Retries {
 public:
  Retries(const RetryPolicy& policy, sdk::Host host) : policy_(policy), host_(host) {}

  const RetryPolicy& policy() const { return policy_; }
  /// Whether a failure is of a kind that is tried again. http_status 0: none came.
  bool covers(const Error& why, int http_status = 0) const;
  /// Waits as long as the try (0 for the first failure) and the server's advice say. False, at
  /// once, if the time for waiting is used up. Throws SEALOS_CANCELLED.
  bool wait(unsigned tries, const Error& why);

 private:
  const RetryPolicy policy_;
  const sdk::Host host_;
  std::atomic<std::int64_t> waited_ms_ = 0;
};

/// Bytes of progress that make the count of tries start anew.
inline constexpr std::int64_t kProgress = 1 << 20;

/// The tries of one request.
class Tries {
 public:
  explicit Tries(Retries& retries) : retries_(retries) {}

  /// After a failure: waits and returns, or else throws what is to be reported: the failure
  /// itself, final now.
  void again_or_throw(const Error& why, int http_status = 0);
  /// Something was achieved: later failures start anew.
  void reset() { done_ = 0; }

 private:
  Retries& retries_;
  unsigned done_ = 0;
};

/// The same error, with no more hope for the one who might try again.
Error final_error(const Error& error, unsigned tries = 0);

}  // namespace sealos::docker
