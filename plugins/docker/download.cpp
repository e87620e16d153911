#include "download.hpp"

#include <fmt/format.h>

#include <cstdio>

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

class Download final : public Stream {
 public:
  Download(http::Response response, std::int64_t size, std::string doing)
      : response_(std::move(response)), left_(size), doing_(std::move(doing)) {}

  size_t read(std::span<std::byte> into) override {
    try {
      const size_t n = response_.read(into);
      if (left_ >= 0) left_ -= static_cast<std::int64_t>(n);
      return n;
    } catch (Error& e) {
      throw e.add_context(doing_);
    }
  }
  std::int64_t size() const override { return left_; }

 private:
  http::Response response_;
  std::int64_t left_;
  std::string doing_;
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
http::Response get_elsewhere(Registry& registry, const Blob& blob, Ask ask,
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
  const Ask ask = blob_ask(registry, *blob.digest, offset, length);
  http::Response response = registry.send(ask);
  if (response.status() == 404 && !blob.urls.empty()) {
    response.finish();
    response = get_elsewhere(registry, blob, ask, doing);
  }
  if (!response.ok()) throw response_error(response, doing);
  if (part && response.status() != 206)
    throw Error(Status::unsupported, doing + ": the registry does not give parts of blobs");
  if (response.status() == 206 &&
      ContentRange::parse(response.headers().text("Content-Range")).first != offset)
    throw Error(Status::corrupt, doing + ": the registry sent another part than was asked for");
  const std::int64_t size = response.length();
  if (!part && size >= 0 && blob.size >= 0 && size != blob.size)
    throw Error(Status::corrupt, fmt::format("{}: it has {} bytes there and should have {}", doing,
                                             size, blob.size));
  return std::make_unique<Download>(std::move(response), size, doing);
}

}  // namespace sealos::docker
