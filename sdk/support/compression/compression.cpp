#include "support/compression/compression.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sealos {
namespace {

struct Kind {
  Compression kind;
  std::string_view name;
  std::string_view magic;
};
constexpr Kind kKinds[] = {
    {Compression::none, "", ""},
    {Compression::gzip, "gzip", "\x1f\x8b\x08"},
    {Compression::zstd, "zstd", "\x28\xb5\x2f\xfd"},
    {Compression::xz, "xz", {"\xfd\x37zXZ\0", 6}},
    {Compression::bzip2, "bzip2", "BZh"},
};
constexpr size_t kHead = 6;

class Borrowed final : public Stream {
 public:
  explicit Borrowed(Stream& stream) : stream_(stream) {}
  size_t read(std::span<std::byte> into) override { return stream_.read(into); }
  std::int64_t size() const override { return stream_.size(); }
  int fd() const override { return stream_.fd(); }

 private:
  Stream& stream_;
};

/// Gives back the bytes that were looked at, then the rest.
class Headed final : public Stream {
 public:
  Headed(std::array<std::byte, kHead> head, size_t size, std::unique_ptr<Stream> rest)
      : head_(head), size_(size), rest_(std::move(rest)) {}

  size_t read(std::span<std::byte> into) override {
    if (at_ == size_) return rest_->read(into);
    const size_t n = std::min(into.size(), size_ - at_);
    std::memcpy(into.data(), head_.data() + at_, n);
    at_ += n;
    return n;
  }
  std::int64_t size() const override {
    const std::int64_t rest = rest_->size();
    return rest < 0 ? -1 : rest + static_cast<std::int64_t>(size_ - at_);
  }

 private:
  std::array<std::byte, kHead> head_;
  size_t size_, at_ = 0;
  std::unique_ptr<Stream> rest_;
};

}  // namespace

std::string_view name_of(Compression kind) {
  for (const Kind& each : kKinds) {
    if (each.kind == kind) return each.name;
  }
  return "";
}

std::optional<Compression> compression_named(std::string_view name) {
  for (const Kind& each : kKinds) {
    if (each.name == name) return each.kind;
  }
  return std::nullopt;
}

Compression detect_compression(std::span<const std::byte> head) {
  for (const Kind& each : kKinds) {
    if (each.magic.empty() || head.size() < each.magic.size()) continue;
    if (std::memcmp(head.data(), each.magic.data(), each.magic.size()) == 0) return each.kind;
  }
  // A zstd stream may begin with a frame to be skipped: 0x184D2A50 to 0x184D2A5F.
  if (head.size() >= 4 && (head[0] & std::byte{0xf0}) == std::byte{0x50} &&
      std::memcmp(head.data() + 1, "\x2a\x4d\x18", 3) == 0)
    return Compression::zstd;
  return Compression::none;
}

std::unique_ptr<Stream> borrow(Stream& stream) { return std::make_unique<Borrowed>(stream); }

std::unique_ptr<Stream> look_at_compression(std::unique_ptr<Stream> from, Compression& kind) {
  std::array<std::byte, kHead> head{};
  size_t size = 0;
  while (size < head.size()) {
    const size_t n = from->read(std::span(head).subspan(size));
    if (n == 0) break;
    size += n;
  }
  kind = detect_compression({head.data(), size});
  return std::make_unique<Headed>(head, size, std::move(from));
}

std::unique_ptr<Stream> decompress_any(std::unique_ptr<Stream> from, Compression* kind) {
  Compression found = Compression::none;
  auto whole = look_at_compression(std::move(from), found);
  if (kind != nullptr) *kind = found;
  return decompress(std::move(whole), found);
}

}  // namespace sealos
