// An HTTP/1.1 client. No type of the libraries below it is seen here.
#pragma once

#include <memory>
#include <string>

#include "support/http/message.hpp"
#include "support/http/pool.hpp"
#include "support/http/proxy.hpp"
#include "support/http/throttle.hpp"

namespace sealos::http {

struct ClientOptions {
  std::string user_agent = "sealos";
  Patience patience;
  TlsOptions tls;
  std::string unix_socket;  ///< if set, every connection goes there, without TLS
  ProxyRules proxies;
  std::shared_ptr<Pool> pool;  ///< nullptr: one of its own, without limits
  Pool::Side side = Pool::Side::neither;
  std::string host;  ///< where most requests go, `host[:port]`; needed for a reader and a writer
  std::shared_ptr<Throttle> throttle;  ///< for bodies, in both directions; nullptr: no limit
};

/// Connections are kept and used again, so make one client and keep it. Safe for concurrent use.
class Client {
 public:
  /// Throws SEALOS_INVALID if a certificate or key cannot be used, or the pool has no room.
  explicit Client(ClientOptions options);
  ~Client();

  /// One request, one answer, whatever its status. If a kept connection turns out to be dead
  /// before any of the answer came, and the body is not a stream that has been read from, it is
  /// sent once more on a new one. Throws SEALOS_UNAVAILABLE, retryable where trying again makes
  /// sense, SEALOS_CANCELLED, and what the stream throws.
  Response send(const Request& request);

  /// As send, and follows up to 10 redirects of a GET or HEAD. Authorization is dropped for good
  /// when scheme, host or port change; https leads to http only within one host name, and is
  /// then tried as https.
  Response follow(Request request);

 private:
  Response attempt(const Request& request, bool fresh);
  Pool::Lease connect(const Request& request, const std::optional<Url>& proxy, bool fresh);
  void open_tunnel(Wire& wire, const Url& url, const Url& proxy);

  const ClientOptions options_;
  const TlsContext tls_;
  const std::shared_ptr<Pool> pool_;
  const unsigned member_;  ///< of the pool
};

/// Where a redirect or the Location of an upload leads. A server behind a badly set up proxy names
/// http for itself though it is reached by https: that stays https. Throws SEALOS_DENIED for any
/// other way from https to http.
Url next_location(const Url& from, std::string_view location);

}  // namespace sealos::http
