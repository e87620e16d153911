#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <new>

#include "support/compression/decoder.hpp"
#include "support/compression/gzip_format.hpp"
#include "support/compression/pool.hpp"

namespace sealos::compression {
namespace {

constexpr std::uint32_t kSkippable = 0x184D2A50;  // with any value in the last four bits
constexpr size_t kSkippableHead = 8;
constexpr size_t kMostHead = 18;
constexpr size_t kBlockHead = 3;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using Context = std::unique_ptr<ZSTD_DCtx, FreeContext>;

Context make_context() {
  Context made(ZSTD_createDCtx());
  if (!made) throw std::bad_alloc();
  return made;
}

bool is_skippable(std::span<const std::byte> head) {
  return head.size() >= 4 && (load_le32(head.data()) & ~0xFU) == kSkippable;
}

[[noreturn]] void throw_zstd(size_t result) {
  if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge) {
    throw Error(Status::unsupported,
                "the zstd stream needs a window larger than 128 MiB to be decompressed");
  }
  throw_corrupt(Compression::zstd,
                fmt::format("is damaged ({})", ZSTD_getErrorName(result)).c_str());
}

/// Size of a frame's header, by RFC 8878, 3.1.1.1.
size_t frame_head_size(std::byte descriptor) {
  const auto bits = std::to_integer<unsigned>(descriptor);
  const bool single = (bits & 0x20) != 0;
  static constexpr size_t kDictionary[4] = {0, 1, 2, 4};
  static constexpr size_t kContent[4] = {0, 2, 4, 8};
  const size_t content = (bits >> 6) == 0 && single ? 1 : kContent[bits >> 6];
  return 5 + (single ? 0 : 1) + kDictionary[bits & 3] + content;
}

class ZstdDecoder final : public Decoder {
 public:
  bool find_member(Feed& feed) override {
    while (true) {
      const auto head = feed.peek(kSkippableHead);
      if (head.empty()) return false;
      if (!is_skippable(head)) break;
      if (head.size() < kSkippableHead) throw_corrupt(Compression::zstd, "is cut off");
      skip(feed, kSkippableHead + std::uint64_t{load_le32(head.data() + 4)});
    }
    if (detect_compression(feed.peek(4)) != Compression::zstd)
      throw_corrupt(Compression::zstd, "is followed by something else");
    return true;
  }

  std::optional<size_t> take_whole(Feed& feed, Buffer& into, size_t plain) override {
    const auto head = feed.peek(kMostHead);
    const unsigned long long content = ZSTD_getFrameContentSize(head.data(), head.size());
    if (content > kMostWhole - plain || into.size() > kMostWhole) return std::nullopt;
    if (into.size() + ZSTD_compressBound(content) > 2 * kMostWhole) return std::nullopt;
    const bool checksum = (std::to_integer<unsigned>(head[4]) & 4) != 0;
    take(feed, frame_head_size(head[4]), into);
    while (true) {
      const auto block = feed.peek(kBlockHead);
      if (block.size() < kBlockHead) throw_corrupt(Compression::zstd, "is cut off");
      const unsigned bits = std::to_integer<unsigned>(block[0]) |
                            std::to_integer<unsigned>(block[1]) << 8 |
                            std::to_integer<unsigned>(block[2]) << 16;
      const bool last = (bits & 1) != 0;
      const bool repeated = ((bits >> 1) & 3) == 1;
      take(feed, kBlockHead + (repeated ? 1 : bits >> 3), into);
      if (last) break;
      if (into.size() > 4 * kMostWhole)
        throw_corrupt(Compression::zstd, "has a frame far larger than its content");
    }
    if (checksum) take(feed, 4, into);
    return static_cast<size_t>(content);
  }

  void decode_whole(std::span<const std::byte> in, Buffer& out, size_t plain) override {
    Context context = contexts_.take(make_context);
    const std::span<std::byte> room = out.room(plain + 1);
    const size_t made =
        ZSTD_decompressDCtx(context.get(), room.data(), plain, in.data(), in.size());
    if (ZSTD_isError(made)) throw_zstd(made);
    if (made != plain) throw_corrupt(Compression::zstd, "is damaged");
    out.grow(made);
    contexts_.give_back(std::move(context));
  }

  void begin() override {
    if (!context_) context_ = contexts_.take(make_context);
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  }

  bool decode(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const size_t left = ZSTD_decompressStream(context_.get(), &to, &from);
    if (ZSTD_isError(left)) throw_zstd(left);
    in = in.subspan(from.pos);
    out = out.subspan(to.pos);
    return left == 0;
  }

 private:
  static void skip(Feed& feed, std::uint64_t n) {
    while (n != 0) {
      const size_t ready = feed.peek(1).size();
      if (ready == 0) throw_corrupt(Compression::zstd, "is cut off");
      const size_t part = static_cast<size_t>(std::min<std::uint64_t>(n, ready));
      feed.skip(part);
      n -= part;
    }
  }
  static void take(Feed& feed, size_t n, Buffer& into) {
    if (!feed.take(n, into)) throw_corrupt(Compression::zstd, "is cut off");
  }
  Pool<Context> contexts_;
  Context context_;
};

}  // namespace

std::unique_ptr<Decoder> zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace sealos::compression
