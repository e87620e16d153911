#include "upload.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"

namespace sealos::docker {
namespace {

/// Passes bytes through and computes their digest.
class HashingStream final : public Stream {
 public:
  explicit HashingStream(Stream& from) : from_(from) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = from_.read(into);
    hasher_.update(into.first(n));
    taken_ += static_cast<std::int64_t>(n);
    return n;
  }
  std::int64_t size() const override { return from_.size(); }
  Digest finish() { return hasher_.finish(); }
  std::int64_t taken() const { return taken_; }

 private:
  Stream& from_;
  Hasher hasher_;
  std::int64_t taken_ = 0;
};

Ask push_ask(const Registry& registry, const char* method) {
  Ask ask;
  ask.method = method;
  ask.scopes = registry.push_scope();
  return ask;
}

/// One upload at the registry. Every answer names the address for the next request.
class Session {
 public:
  Session(Registry& registry, std::string doing) : registry_(registry), doing_(std::move(doing)) {}
  ~Session() {
    if (open_) cancel();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() {
    Ask ask = push_ask(registry_, "POST");
    ask.path = registry_.path() + "/blobs/uploads/";
    http::Response response = registry_.require(ask, doing_);
    move_to(response);
    response.finish();
  }
  /// Takes over the session that an answer opened.
  void move_to(const http::Response& response) {
    const std::string location = response.headers().text("Location");
    if (location.empty())
      throw Error(Status::invalid, doing_ + ": the registry does not say where to upload to");
    address_ = http::next_location(response.url(), location);
    open_ = true;
  }
  void send(Stream& from, std::int64_t size) {
    Ask ask = push_ask(registry_, "PATCH");
    ask.url = address_;
    ask.headers.add("Content-Type", "application/octet-stream");
    ask.stream = &from;
    ask.stream_size = size;
    http::Response response = registry_.require(ask, doing_);
    if (response.headers().find("Location")) move_to(response);
    response.finish();
  }
  void finish(const Digest& digest) {
    Ask ask = push_ask(registry_, "PUT");
    ask.url = address_;
    ask.url->add_query("digest", digest.str());
    ask.headers.add("Content-Type", "application/octet-stream");
    http::Response response = registry_.require(ask, doing_);
    open_ = false;
    const auto said = Digest::parse(response.headers().text("Docker-Content-Digest"));
    if (said && *said != digest)
      throw Error(Status::corrupt,
                  fmt::format("{}: the registry says it got {}", doing_, said->str()));
    response.finish();
  }
  /// Best effort: registries forget old uploads by themselves.
  void cancel() noexcept {
    open_ = false;
    try {
      if (registry_.host().cancelled()) return;
      Ask ask = push_ask(registry_, "DELETE");
      ask.url = address_;
      registry_.send(ask).finish();
    } catch (const std::exception&) {
      return;
    }
  }

 private:
  Registry& registry_;
  const std::string doing_;
  http::Url address_;
  bool open_ = false;
};

}  // namespace

std::optional<std::int64_t> head_blob(Registry& registry, const std::string& repository,
                                      const Digest& digest) {
  Ask ask;
  ask.method = "HEAD";
  ask.path = fmt::format("{}/blobs/{}", repository, digest.str());
  ask.scopes = registry.pull_scope();
  if (repository == registry.path()) ask.scopes = registry.push_scope();
  if (repository != registry.path()) ask.scopes = {"repository:" + repository + ":pull"};
  http::Response response = registry.send(ask);
  const int status = response.status();
  if (status == 200) return response.length();
  if (status == 404) return std::nullopt;
  throw response_error(response, fmt::format("asking for {} in {}/{}", digest.brief(),
                                             registry.domain(), repository));
}

bool mount_blob(Registry& registry, const Digest& digest, const std::string& from_repository) {
  Ask ask = push_ask(registry, "POST");
  ask.path = fmt::format("{}/blobs/uploads/?mount={}&from={}", registry.path(),
                         http::percent_encode(digest.str()), http::percent_encode(from_repository));
  ask.scopes.insert("repository:" + from_repository + ":pull");
  const std::string doing = fmt::format("mounting {} from {}", digest.brief(), from_repository);
  http::Response response = registry.send(ask);
  if (response.status() == 201) {
    response.finish();
    return true;
  }
  if (response.status() == 202) {
    Session session(registry, doing);
    if (response.headers().find("Location")) session.move_to(response);
    response.finish();
    return false;
  }
  throw response_error(response, doing);
}

Blob upload_blob(Registry& registry, const Blob& blob, Stream& from) {
  const std::string doing = fmt::format(
      "writing {} to {}", blob.digest ? blob.digest->brief() : "a new blob", registry.repository());
  Session session(registry, doing);
  session.start();
  Blob written;
  if (blob.digest) {
    const std::int64_t size = from.size() >= 0 ? from.size() : blob.size;
    written.size = size;
    written.digest = blob.digest;
    if (size >= 0) {
      session.send(from, size);
    } else {
      HashingStream counted(from);
      session.send(counted, -1);
      written.size = counted.taken();
    }
  } else {
    HashingStream hashed(from);
    session.send(hashed, from.size());
    written.size = hashed.taken();
    written.digest = hashed.finish();
  }
  session.finish(*written.digest);
  written.location = registry.repository();
  return written;
}

}  // namespace sealos::docker
