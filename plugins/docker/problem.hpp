// What a registry's refusal means.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/error.hpp"
#include "support/http/message.hpp"

namespace sealos::docker {

/// The answer of a request that did not work, read to its end.
struct Problem {
  int http_status = 0;
  std::vector<std::string> codes;  ///< "MANIFEST_INVALID"; none if the body is not JSON
  std::string text;                ///< printable, one line
  std::int64_t retry_after_ms = 0;

  /// Reads the body (1 MiB at most) and frees the connection.
  static Problem of(http::Response& response);
  bool has(std::string_view code) const;
  /// "doing: HTTP 403 DENIED: requested access to the resource is denied"; the status of the Error
  /// comes from the HTTP status and, where that is coarse, from the codes.
  Error error(std::string_view doing) const;
};

inline Error response_error(http::Response& response, std::string_view doing) {
  return Problem::of(response).error(doing);
}

/// The HTTP statuses that may pass by themselves.
std::set<int> default_retry_statuses();

/// The value of Retry-After in ms from now: seconds or an HTTP date; 0 for anything else.
std::int64_t parse_retry_after(std::string_view value);

}  // namespace sealos::docker
