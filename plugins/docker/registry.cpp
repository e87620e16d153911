#include "registry.hpp"

#include <fmt/format.h>

#include <map>

#include "certs.hpp"

namespace sealos::docker {
namespace {

/// The limit of that name, which both sides of a copy share.
std::shared_ptr<http::Throttle> shared_limit(const std::string& name, std::int64_t rate,
                                             std::shared_ptr<http::Throttle> within) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::int64_t>, std::weak_ptr<http::Throttle>> known;
  const std::lock_guard lock(mutex);
  auto& entry = known[{name, rate}];
  auto limit = entry.lock();
  if (limit == nullptr) entry = limit = std::make_shared<http::Throttle>(rate, std::move(within));
  return limit;
}

std::shared_ptr<http::Throttle> limits(const Settings& settings, const std::string& domain) {
  std::shared_ptr<http::Throttle> limit;
  if (settings.rate > 0) limit = shared_limit("", settings.rate, nullptr);
  if (settings.host_rate > 0) limit = shared_limit(domain, settings.host_rate, limit);
  return limit;
}

/// The connections that both sides of a copy share, where there is a limit to them.
std::shared_ptr<http::Pool> shared_pool(const Settings& settings) {
  static std::mutex mutex;
  static std::map<std::pair<unsigned, unsigned>, std::weak_ptr<http::Pool>> known;
  const http::Pool::Limits limits{settings.host_max_connections, settings.max_connections};
  if (limits.to_host == 0 && limits.in_all == 0) return nullptr;
  const std::lock_guard lock(mutex);
  auto& entry = known[{limits.to_host, limits.in_all}];
  auto pool = entry.lock();
  if (pool == nullptr) entry = pool = std::make_shared<http::Pool>(limits);
  return pool;
}

http::ClientOptions client_options(const sdk::Host& host, const std::string& domain,
                                   const Settings& settings, Side side) {
  http::ClientOptions options;
  options.user_agent = "sealos/" + host.version();
  options.patience.cancelled = [host] { return host.cancelled(); };
  options.patience.cancel_fd = host.cancel_fd();
  options.patience.stall = settings.stall;
  options.tls = tls_options(host, domain, settings.verify);
  options.proxies = http::ProxyRules::from_environment();
  options.pool = shared_pool(settings);
  options.side = side;
  options.host = http::Url::parse("https://" + api_host(domain)).authority();
  options.throttle = limits(settings, domain);
  return options;
}

std::unique_ptr<http::Client> make_client(http::ClientOptions options) {
  try {
    return std::make_unique<http::Client>(std::move(options));
  } catch (Error& e) {
    throw e.add_context(options.host);
  }
}

}  // namespace

std::string api_host(const std::string& domain) {
  return domain == "docker.io" ? "registry-1.docker.io" : domain;
}

Registry::Registry(sdk::Host host, const DockerName& name, Side side, bool insecure)
    : host_(host),
      domain_(name.domain),
      path_(name.path),
      settings_(Settings::read(host, side, insecure)),
      retries_(settings_.retry, host),
      client_(make_client(client_options(host, domain_, settings_, side))),
      authorizer_(std::make_unique<Authorizer>(*client_, host.credentials(repository()),
                                               !settings_.verify)) {}

Registry::~Registry() = default;

http::Response Registry::probe(const http::Url& url) {
  http::Request request;
  request.url = url;
  http::Response response = client_->follow(std::move(request));
  if (response.status() != 200 && response.status() != 401)
    throw response_error(response, fmt::format("{} is no registry", url.shown()));
  return response;
}

void Registry::choose_scheme() {
  const http::Url secure = http::Url::parse(fmt::format("https://{}/v2/", api_host(domain_)));
  http::Url used = secure;
  std::optional<http::Response> response;
  try {
    response = probe(secure);
  } catch (const Error& e) {
    if (settings_.verify || e.status() != Status::unavailable) throw;
    used = http::Url::parse(fmt::format("http://{}/v2/", api_host(domain_)));
    try {
      response = probe(used);
    } catch (const Error& plain) {
      Error both(plain.status(),
                 fmt::format("{}; and before, by https: {}", plain.message(), e.message()));
      if (plain.retryable()) both.set_retryable(plain.retry_after_ms());
      throw both;
    }
    host_.debug(fmt::format("{} does not speak https, http is used: {}", domain_, e.message()));
  }
  if (response->status() == 401)
    authorizer_->learn(parse_challenges(response->headers().all("WWW-Authenticate")));
  stores_signatures_ = response->headers().text("X-Registry-Supports-Signatures") == "1";
  response->finish();
  base_ = used;
}

bool Registry::stores_signatures() {
  base();
  return stores_signatures_;
}

const http::Url& Registry::base() {
  const std::lock_guard lock(mutex_);
  if (!base_) choose_scheme();
  return *base_;
}

http::Response Registry::attempt(const Ask& ask, const http::Url& url,
                                 const std::string& authorization) {
  http::Request request;
  request.method = ask.method;
  request.url = url;
  request.headers = ask.headers;
  request.body = ask.body;
  request.stream = ask.stream;
  request.stream_size = ask.stream_size;
  request.stream_ends = ask.stream_ends;
  request.headers.add("Accept-Encoding", "identity");
  if (!authorization.empty() && url.same_origin(base()))
    request.headers.add("Authorization", authorization);
  host_.debug(fmt::format("{} {}", ask.method, url.shown()));
  const bool follows = ask.method == "GET" || ask.method == "HEAD";
  return follows ? client_->follow(std::move(request)) : client_->send(request);
}

http::Response Registry::send_once(const Ask& ask) {
  http::Url url = ask.url ? *ask.url : base().resolve(ask.root + ask.path);
  const bool has_stream = ask.stream != nullptr;
  std::string authorization =
      ask.anonymous ? "" : authorizer_->header(ask.scopes, has_stream && own_tokens_);
  http::Response response = attempt(ask, url, authorization);
  // The new token is used by others, too, who may have used it up; a second one is not.
  for (const bool own : {false, true}) {
    if (response.status() != 401 || ask.anonymous ||
        !authorizer_->renew(ask.scopes, authorization, response))
      break;
    if (has_stream) {
      own_tokens_ = true;
      break;
    }
    response.finish();
    authorization = authorizer_->header(ask.scopes, own);
    response = attempt(ask, url, authorization);
  }
  return response;
}

http::Response Registry::send(const Ask& ask) {
  if (ask.stream != nullptr || ask.once) return send_once(ask);
  Tries tries(retries_);
  for (;;) {
    try {
      http::Response response = send_once(ask);
      if (!retries_.covers(Error(Status::unavailable, ""), response.status())) return response;
      const int status = response.status();
      const std::string doing = fmt::format("{} {}", ask.method, response.url().shown());
      tries.again_or_throw(response_error(response, doing), status);
    } catch (const Error& e) {
      if (!e.retryable()) throw;
      tries.again_or_throw(e);
    }
  }
}

http::Response Registry::require(const Ask& ask, std::string_view doing) {
  try {
    http::Response response = send(ask);
    if (!response.ok()) throw response_error(response, doing);
    return response;
  } catch (Error& e) {
    if (!e.message().starts_with(doing)) e.add_context(doing);
    throw;
  }
}

}  // namespace sealos::docker
