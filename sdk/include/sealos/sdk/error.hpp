// The one exception type of sealos. std only.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "sealos/abi.h"

namespace sealos {

enum class Status : std::int32_t {
  ok = SEALOS_OK,
  not_found = SEALOS_NOT_FOUND,
  exists = SEALOS_EXISTS,
  invalid = SEALOS_INVALID,
  unsupported = SEALOS_UNSUPPORTED,
  unauthenticated = SEALOS_UNAUTHENTICATED,
  denied = SEALOS_DENIED,
  unavailable = SEALOS_UNAVAILABLE,
  cancelled = SEALOS_CANCELLED,
  corrupt = SEALOS_CORRUPT,
  manifest_rejected = SEALOS_MANIFEST_REJECTED,
  io = SEALOS_IO,
  internal = SEALOS_INTERNAL
};

/// What may be shown of text that came from elsewhere: control characters become '?', and it
/// is cut at `most` bytes.
inline std::string printable(std::string_view text, size_t most = 200) {
  std::string out(text.substr(0, most));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  if (text.size() > most) out += "...";
  return out;
}

/// Says what was being done, to what, and what came back, in one line. Thrown inside C++ code;
/// becomes a sealos_status and a sealos_error where the C ABI begins.
class Error : public std::exception {
 public:
  Error(Status status, std::string message) : status_(status), message_(std::move(message)) {}

  Status status() const { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const { return message_; }

  /// Trying the same again may help; after how many milliseconds, 0 if nobody said.
  bool retryable() const { return retryable_; }
  std::int64_t retry_after_ms() const { return retry_after_ms_; }
  Error& set_retryable(std::int64_t after_ms = 0) {
    retryable_ = true;
    retry_after_ms_ = after_ms;
    return *this;
  }

  /// Puts what was being done in front: "context: message".
  Error& add_context(std::string_view context) {
    message_ = std::string(context) + ": " + message_;
    return *this;
  }

 private:
  Status status_;
  bool retryable_ = false;
  std::int64_t retry_after_ms_ = 0;
  std::string message_;
};

}  // namespace sealos
