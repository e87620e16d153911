// One repository of one registry: how it is reached, and who asks.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "problem.hpp"
#include "retry.hpp"
#include "sealos/sdk/host.hpp"
#include "settings.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/http/client.hpp"
#include "token.hpp"

namespace sealos::docker {

/// A request to the registry, before it is known who asks.
struct Ask {
  std::string method = "GET";
  std::string root = "/v2/";     ///< what stands before the path
  std::string path;              ///< behind root, e.g. "app/tags/list"; or
  std::optional<http::Url> url;  ///< an address that the registry gave
  http::Headers headers;
  std::string body;
  Stream* stream = nullptr;
  std::int64_t stream_size = -1;
  bool stream_ends = true;  ///< see http::Request
  Scopes scopes;
  bool anonymous = false;  ///< never send credentials
  bool once = false;       ///< do not try again
};

/// The network is first used when the first request is made. Safe for concurrent use.
class Registry {
 public:
  /// name: its domain and path are used. insecure: what tls-verify=false means, where that option
  /// is not set. Options are read from the host at once; throws SEALOS_INVALID for those that
  /// cannot be used.
  Registry(sdk::Host host, const DockerName& name, Side side, bool insecure = false);
  ~Registry();

  const sdk::Host& host() const { return host_; }
  const Settings& settings() const { return settings_; }
  Retries& retries() { return retries_; }
  const std::string& domain() const { return domain_; }
  /// The repository: "library/busybox"; "": the registry itself.
  const std::string& path() const { return path_; }
  std::string repository() const { return path_.empty() ? domain_ : domain_ + "/" + path_; }
  Scopes pull_scope() const { return {"repository:" + path_ + ":pull"}; }
  Scopes push_scope() const { return {"repository:" + path_ + ":pull,push"}; }

  /// Whether it has OpenShift's extension for signatures.
  bool stores_signatures();

  /// Whatever the status of the answer is. Redirects are followed for GET and HEAD; a token that
  /// was refused is renewed, twice at most, and the request repeated if its body is no stream.
  /// Once a stream was refused, each has a token of its own. Failures that may pass are tried
  /// again, unless the body is a stream, and are final when they come out of here; with a stream
  /// they come out as they are.
  http::Response send(const Ask& ask);
  /// As send; throws for a status of 400 and more, and for redirects.
  http::Response require(const Ask& ask, std::string_view doing);

 private:
  /// Finds out, once, whether the registry speaks https or http, and what it asks for.
  const http::Url& base();
  http::Response send_once(const Ask& ask);
  http::Response probe(const http::Url& url);
  void choose_scheme();
  http::Response attempt(const Ask& ask, const http::Url& url, const std::string& authorization);

  const sdk::Host host_;
  const std::string domain_, path_;
  const Settings settings_;
  Retries retries_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Authorizer> authorizer_;
  std::mutex mutex_;
  std::optional<http::Url> base_;
  bool stores_signatures_ = false;
  std::atomic<bool> own_tokens_ = false;  // for streams
};

/// The host that serves the registry's API: another one for docker.io.
std::string api_host(const std::string& domain);

}  // namespace sealos::docker
