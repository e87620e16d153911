// Which proxy the environment names for which address.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "support/http/url.hpp"

namespace sealos::http {

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, read once. Immutable.
class ProxyRules {
 public:
  /// No proxy at all.
  ProxyRules() = default;
  /// Upper case names come before lower case ones; HTTP_PROXY is ignored in a CGI program, where a
  /// client could set it. `get` is std::getenv or a test's.
  static ProxyRules from_environment(const std::function<const char*(const char*)>& get =
                                         [](const char* name) -> const char* {
    return ::getenv(name);
  });

  /// nullopt: go there directly, as always for this machine itself. Throws SEALOS_UNSUPPORTED for
  /// a proxy that is not reached by plain http.
  std::optional<Url> proxy_for(const Url& url) const;

 private:
  bool is_exempt(const Url& url) const;
  std::string http_, https_, none_;
};

/// The value of a Proxy-Authorization header for the address's user and password; "": it has none.
std::string proxy_authorization(const Url& proxy);

}  // namespace sealos::http
