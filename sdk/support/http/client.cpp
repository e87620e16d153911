#include "support/http/client.hpp"

#include <fmt/format.h>

#include <chrono>

#include "support/http/exchange.hpp"

namespace sealos::http {
namespace {

constexpr int kRedirects = 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Response::Response(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
Response::Response(Response&&) noexcept = default;
Response& Response::operator=(Response&&) noexcept = default;
Response::~Response() = default;

size_t Response::read(std::span<std::byte> into) {
  if (exchange_ == nullptr) return 0;
  const size_t n = exchange_->read(into);
  if (exchange_->finished()) exchange_.reset();  // the connection is free for others
  return n;
}

std::string Response::read_all(size_t most) {
  std::string text;
  std::byte buffer[16 * 1024];
  while (const size_t n = read(buffer)) {
    if (text.size() + n > most)
      throw Error(Status::invalid, fmt::format("{} sent more than {} bytes", url_.shown(), most));
    text.append(reinterpret_cast<const char*>(buffer), n);
  }
  return text;
}

std::string Response::read_some(size_t most) noexcept {
  std::string text;
  try {
    std::byte buffer[4096];
    while (text.size() < most) {
      const size_t n = read(std::span(buffer).first(std::min(sizeof(buffer), most - text.size())));
      if (n == 0) break;
      text.append(reinterpret_cast<const char*>(buffer), n);
    }
  } catch (const std::exception&) {
    exchange_.reset();
  }
  return text;
}

void Response::finish() noexcept {
  constexpr size_t kShort = 64 * 1024;
  if (length_ <= static_cast<std::int64_t>(kShort)) read_some(kShort);
  exchange_.reset();
}

std::shared_ptr<void> Response::keep_place() {
  if (exchange_ == nullptr) return nullptr;
  std::shared_ptr<void> place = exchange_->keep_place();
  exchange_.reset();
  return place;
}

Client::Client(ClientOptions options)
    : options_(std::move(options)),
      tls_(options_.tls),
      pool_(options_.pool ? options_.pool : std::make_shared<Pool>(Pool::Limits())),
      member_(pool_->join(options_.side, options_.host)) {}

Client::~Client() { pool_->leave(member_); }

/// Asks the proxy for a way to the server itself.
void Client::open_tunnel(Wire& wire, const Url& url, const Url& proxy) {
  const std::string to = fmt::format(
      "{}:{}", url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]", url.port);
  std::string head = fmt::format("CONNECT {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n", to, to,
                                 options_.user_agent);
  if (const std::string who = proxy_authorization(proxy); !who.empty())
    head += "Proxy-Authorization: " + who + "\r\n";
  wire.write(head + "\r\n");
  const std::string status = wire.read_line(1024);
  for (size_t lines = 0; !trimmed(wire.read_line(16 * 1024)).empty(); ++lines) {
    if (lines > 100) throw Error(Status::unavailable, proxy.authority() + " sends endless headers");
  }
  if (status.size() > 12 && status.substr(8, 4) == " 200") return;
  throw Error(Status::unavailable, fmt::format("the proxy {} does not lead to {}: {}",
                                               proxy.authority(), to, printable(trimmed(status))));
}

Pool::Lease Client::connect(const Request& request, const std::optional<Url>& proxy, bool fresh) {
  const Url& url = request.url;
  Pool::Lease lease =
      pool_->take(member_, url.origin(), options_.patience, request.method == "HEAD");
  if (fresh) {
    lease.wire.reset();
    lease.used_before = false;
  }
  if (lease.wire == nullptr) {
    const auto start = std::chrono::steady_clock::now();
    const bool local = !options_.unix_socket.empty();
    const Url& first = proxy ? *proxy : url;
    Fd socket = local ? dial_unix(options_.unix_socket, options_.patience)
                      : dial_tcp(first.host, first.port, options_.patience);
    lease.wire =
        std::make_unique<Wire>(std::move(socket), local ? options_.unix_socket : url.authority());
    lease.wire->set_patience(options_.patience);
    if (url.scheme == "https" && !local) {
      if (proxy) open_tunnel(*lease.wire, url, *proxy);
      lease.wire->start_tls(tls_, url.host, options_.patience);
    }
    pool_->note_cost(
        member_, url.origin(),
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start));
  }
  lease.wire->set_patience(options_.patience);
  return lease;
}

Response Client::attempt(const Request& request, bool fresh) {
  std::optional<Url> proxy;
  if (options_.unix_socket.empty()) proxy = options_.proxies.proxy_for(request.url);
  const bool absolute = proxy && request.url.scheme == "http";
  Pool::Lease lease = connect(request, proxy, fresh);
  const bool used_before = lease.used_before;
  Wire& wire = *lease.wire;
  auto exchange =
      std::make_unique<Exchange>(std::move(lease), options_.throttle, options_.patience);
  Response response(nullptr);
  try {
    exchange->send(request, absolute ? request.url.str() : request.url.target,
                   absolute ? proxy_authorization(*proxy) : "");
    exchange->receive(request, response);
  } catch (const Error& e) {
    const bool stale = used_before && request.stream == nullptr && !wire.heard() &&
                       e.status() == Status::unavailable && e.retryable();
    if (!stale) throw;
    exchange.reset();
    return attempt(request, true);
  }
  if (!exchange->finished()) response.exchange_ = std::move(exchange);
  return response;
}

Response Client::send(const Request& request) {
  if (request.headers.find("User-Agent")) return attempt(request, false);
  Request full = request;
  full.headers.add("User-Agent", options_.user_agent);
  return attempt(full, false);
}

Response Client::follow(Request request) {
  for (int hops = 0;; ++hops) {
    Response response = send(request);
    const std::string location = response.headers().text("Location");
    if (!is_redirect(response.status()) || location.empty()) return response;
    if (hops == kRedirects)
      throw Error(Status::unavailable,
                  fmt::format("{} redirects more than {} times", request.url.shown(), kRedirects));
    const Url next = next_location(request.url, location);
    if (!next.same_origin(request.url)) request.headers.erase("Authorization");
    request.url = next;
    response.finish();
  }
}

Url next_location(const Url& from, std::string_view location) {
  Url to = from.resolve(location);
  to.userinfo.clear();
  if (from.scheme != "https" || to.scheme != "http") return to;
  if (to.host != from.host)
    throw Error(Status::denied,
                fmt::format("{} leads from https to http, to {}", from.shown(), to.shown()));
  to.scheme = "https";
  if (to.port == 80 || to.port == from.port) to.port = from.port;
  return to;
}

}  // namespace sealos::http
