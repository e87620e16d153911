// SIGINT and SIGTERM end a copy in order.
#pragma once

#include "core/host/services.hpp"

namespace sealos::cli {

/// While it lives, the first SIGINT or SIGTERM sets the token, and the second one ends the process
/// at once. SIGPIPE is ignored from here on. One at a time.
class SignalGuard {
 public:
  explicit SignalGuard(CancelToken& cancel);
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
  ~SignalGuard();
  /// Whether a signal came.
  bool interrupted() const;
};

}  // namespace sealos::cli
