// Addresses of HTTP requests, kept byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sealos/sdk/error.hpp"

namespace sealos::http {

/// An absolute http or https address. The target is never decoded or encoded: what a server sent
/// as a Location goes back to it unchanged.
struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target;    ///< path and query; starts with '/'
  std::string userinfo;  ///< "user:password", still percent-encoded; only proxies use it

  /// Throws SEALOS_INVALID. A fragment is dropped.
  static Url parse(std::string_view text);

  /// What a Location header means, seen from this address: absolute, "//host/...", "/path",
  /// "path" or "?query". Throws SEALOS_INVALID.
  Url resolve(std::string_view location) const;

  /// `host[:port]` as the Host header has it; the scheme's own port is left out.
  std::string authority() const;
  /// Scheme, host and port: what credentials and connections belong to.
  std::string origin() const { return scheme + "://" + authority(); }
  bool same_origin(const Url& other) const { return origin() == other.origin(); }
  std::string str() const { return origin() + target; }
  /// For messages: without the query, which may be a signature or a token.
  std::string shown() const;
  /// Appends `name=value` to the query; value is percent-encoded here.
  void add_query(std::string_view name, std::string_view value);
};

/// Everything but letters, digits and "-._~" as %XX.
std::string percent_encode(std::string_view text);
/// Throws SEALOS_INVALID for a broken %XX.
std::string percent_decode(std::string_view text);

}  // namespace sealos::http
