#include "download.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

namespace sealos::docker {
namespace {

/// "bytes 5-9/10" is 5 and 10; the total may be "*", which is -1.
struct ContentRange {
  std::int64_t first = -1, total = -1;

  static ContentRange parse(const std::string& text) {
    ContentRange range;
    long long first = 0, last = 0, total = 0;
    const int found = std::sscanf(text.c_str(), "bytes %lld-%lld/%lld", &first, &last, &total);
    if (found >= 2) range.first = first;
    if (found == 3) range.total = total;
    return range;
  }
};

void check_range(const http::Response& response, std::int64_t first, const std::string& doing) {
  if (ContentRange::parse(response.headers().text("Content-Range")).first != first)
    throw Error(Status::corrupt, doing + ": the registry sent another part than was asked for");
}

/// Goes on behind what came when the connection is lost.
class Download final : public Stream {
 public:
  /// from: where in the blob the answer begins; size: of what is wanted, -1 if not known.
  Download(Registry& registry, Ask ask, http::Response response, std::int64_t from,
           std::int64_t size, std::string doing)
      : registry_(registry),
        ask_(std::move(ask)),
        response_(std::move(response)),
        tries_(registry.retries()),
        from_(from),
        size_(size),
        doing_(std::move(doing)) {}

  size_t read(std::span<std::byte> into) override {
    for (;;) {
      try {
        const size_t n = response_->read(into);
        taken_ += static_cast<std::int64_t>(n);
        since_ += static_cast<std::int64_t>(n);
        if (since_ >= kProgress) tries_.reset();
        return n;
      } catch (Error& e) {
        if (!e.retryable()) throw e.add_context(doing_);
        go_on(e);
      }
    }
  }
  std::int64_t size() const override { return size_ < 0 ? -1 : size_ - taken_; }

 private:
  void go_on(Error& why) {
    why.add_context(doing_);
    // Others who wait for a connection must not get ours: this thread may hold what they wait for.
    const auto place = response_->keep_place();
    response_.reset();
    tries_.again_or_throw(why);
    since_ = 0;
    const std::int64_t at = from_ + taken_;
    const std::string last = size_ < 0 ? "" : std::to_string(from_ + size_ - 1);
    ask_.headers.set("Range", fmt::format("bytes={}-{}", at, last));
    http::Response response = registry_.require(ask_, doing_);
    if (response.status() == 206) {
      check_range(response, at, doing_);
    } else {
      skip(response, at);
    }
    response_.emplace(std::move(response));
  }

  /// The registry sent it all again.
  void skip(http::Response& response, std::int64_t bytes) {
    std::vector<std::byte> dropped(256 * 1024);
    while (bytes > 0) {
      const auto want = std::min<std::int64_t>(bytes, static_cast<std::int64_t>(dropped.size()));
      const size_t n = response.read(std::span(dropped).first(static_cast<size_t>(want)));
      if (n == 0) throw Error(Status::corrupt, doing_ + ": the blob has become shorter");
      bytes -= static_cast<std::int64_t>(n);
    }
  }

  Registry& registry_;
  Ask ask_;
  std::optional<http::Response> response_;
  Tries tries_;
  const std::int64_t from_, size_;
  std::int64_t taken_ = 0, since_ = 0;
  const std::string doing_;
};

Ask blob_ask(const Registry& registry, const Digest& digest, std::int64_t offset,
             std::int64_t length) {
  Ask ask;
  ask.path = fmt::format("{}/blobs/{}", registry.path(), digest.str());
  ask.scopes = registry.pull_scope();
  if (length > 0)
    ask.headers.add("Range", fmt::format("bytes={}-{}", offset, offset + length - 1));
  else if (offset > 0)
    ask.headers.add("Range", fmt::format("bytes={}-", offset));
  return ask;
}

/// Layers that are kept elsewhere are fetched from there, and never with credentials.
http::Response get_elsewhere(Registry& registry, const Blob& blob, Ask& ask,
                             const std::string& doing) {
  std::string why;
  for (const std::string& address : blob.urls) {
    try {
      ask.url = http::Url::parse(address);
      ask.anonymous = true;
      return registry.require(ask, doing);
    } catch (const Error& e) {
      if (e.status() == Status::cancelled) throw;
      why = e.message();
    }
  }
  throw Error(Status::not_found, why);
}

}  // namespace

std::unique_ptr<Stream> open_download(Registry& registry, const Blob& blob, std::int64_t offset,
                                      std::int64_t length) {
  if (!blob.digest) throw Error(Status::invalid, "a registry has no blob without a digest");
  const std::string doing =
      fmt::format("reading {} of {}", blob.digest->brief(), registry.repository());
  const bool part = offset > 0 || length >= 0;
  Ask ask = blob_ask(registry, *blob.digest, offset, length);
  http::Response response = registry.send(ask);
  if (response.status() == 404 && !blob.urls.empty()) {
    response.finish();
    response = get_elsewhere(registry, blob, ask, doing);
  }
  if (!response.ok()) throw response_error(response, doing);
  if (part && response.status() != 206)
    throw Error(Status::unsupported, doing + ": the registry does not give parts of blobs");
  if (response.status() == 206) check_range(response, offset, doing);
  const std::int64_t size = response.length();
  if (!part && size >= 0 && blob.size >= 0 && size != blob.size)
    throw Error(Status::corrupt, fmt::format("{}: it has {} bytes there and should have {}", doing,
                                             size, blob.size));
  return std::make_unique<Download>(registry, std::move(ask), std::move(response), offset, size,
                                    doing);
}

}  // namespace sealos::docker
