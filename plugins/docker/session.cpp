#include "session.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace sealos::docker {
namespace {

bool is_own_machine(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" ||
         host.starts_with("169.254.") || host.starts_with("fe80:") || host == "0.0.0.0";
}

}  // namespace

Ask Session::ask(const char* method) const {
  Ask ask;
  ask.method = method;
  ask.scopes = registry_.push_scope();
  if (open_) ask.url = address_;
  return ask;
}

void Session::add_body(Ask& ask, const Body& body) {
  ask.headers.add("Content-Type", "application/octet-stream");
  ask.stream = body.stream;
  ask.stream_size = body.size;
  ask.stream_ends = body.ends;
  if (body.offset >= 0 && body.size > 0)
    ask.headers.add("Content-Range",
                    fmt::format("{}-{}", body.offset, body.offset + body.size - 1));
}

void Session::start() {
  open_ = false;
  Ask ask = this->ask("POST");
  ask.path = registry_.path() + "/blobs/uploads/";
  http::Response response = registry_.require(ask, doing_);
  take_over(response);
  least_chunk_ = std::atoll(response.headers().text("OCI-Chunk-Min-Length").c_str());
  response.finish();
}

void Session::take_over(const http::Response& response) {
  const std::string location = response.headers().text("Location");
  if (location.empty())
    throw Error(Status::invalid, doing_ + ": the registry does not say where to upload to");
  const http::Url to = http::next_location(response.url(), location);
  // A registry somewhere else must not make us write to services of this machine.
  if (is_own_machine(to.host) && to.host != response.url().host &&
      !is_own_machine(response.url().host))
    throw Error(Status::denied,
                fmt::format("{}: the registry leads the upload to {}", doing_, to.authority()));
  take_over(to);
}

void Session::take_over(const http::Url& address) {
  address_ = address;
  open_ = true;
}

std::optional<std::int64_t> Session::status() {
  http::Response response = registry_.send(ask("GET"));
  const bool known = response.ok();
  const std::string range = response.headers().text("Range");
  if (known && response.headers().find("Location")) take_over(response);
  if (!known) open_ = false;
  response.finish();
  long long last = 0;
  // An empty upload says 0-0, as one of one byte does.
  if (!known || std::sscanf(range.c_str(), "0-%lld", &last) != 1 || last <= 0) return std::nullopt;
  return last + 1;
}

http::Response Session::patch(const Body& body) {
  Ask ask = this->ask("PATCH");
  add_body(ask, body);
  http::Response response = registry_.send(ask);
  if (response.ok() && response.headers().find("Location")) take_over(response);
  return response;
}

http::Response Session::put(const Digest& digest, const Body& body) {
  Ask ask = this->ask("PUT");
  ask.url->add_query("digest", digest.str());
  add_body(ask, body);
  return registry_.send(ask);
}

http::Response Session::put(const Digest& digest) { return put(digest, Body()); }

void Session::cancel() noexcept {
  if (!open_) return;
  try {
    Ask ask = this->ask("DELETE");
    ask.once = true;
    open_ = false;
    if (!registry_.host().cancelled()) registry_.send(ask).finish();
  } catch (const std::exception&) {
    open_ = false;
  }
}

}  // namespace sealos::docker
