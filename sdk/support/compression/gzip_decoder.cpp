#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <new>

#include "support/compression/decoder.hpp"
#include "support/compression/gzip_format.hpp"

namespace sealos::compression {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

/// libdeflate for members whose extent is known, ISA-L for all others.
class GzipDecoder final : public Decoder {
 public:
  bool find_member(Feed& feed) override {
    const auto head = feed.peek(3);
    if (head.empty()) return false;
    if (detect_compression(head) != Compression::gzip) {
      // RFC 1952 knows nothing after the last member, and Go's reader takes nothing there.
      throw_corrupt(Compression::gzip, "is followed by something else");
    }
    return true;
  }

  std::optional<size_t> take_whole(Feed& feed, Buffer& into, size_t plain) override {
    const auto extent = gzip_extent(feed.peek(kGzipHead));
    if (!extent || extent->member > kMostWhole - into.size() || extent->plain > kMostWhole - plain)
      return std::nullopt;
    if (!feed.take(extent->member, into)) throw_corrupt(Compression::gzip, "is cut off");
    return extent->plain;
  }

  void decode_whole(std::span<const std::byte> in, Buffer& out, size_t plain) override {
    const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
        libdeflate_alloc_decompressor());
    if (!decompressor) throw std::bad_alloc();
    out.room(plain + 1);  // never none
    while (!in.empty()) {
      const GzipExtent extent = gzip_extent(in).value();
      const std::span<std::byte> room = out.room(extent.plain + 1);
      size_t taken = 0, made = 0;
      const libdeflate_result result = libdeflate_gzip_decompress_ex(
          decompressor.get(), in.data(), extent.member, room.data(), extent.plain, &taken, &made);
      if (result != LIBDEFLATE_SUCCESS || taken != extent.member || made != extent.plain)
        throw_corrupt(Compression::gzip, "is damaged");
      out.grow(made);
      in = in.subspan(extent.member);
    }
  }

  void begin() override {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  bool decode(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(in.data()));
    state_.avail_in = static_cast<std::uint32_t>(in.size());
    state_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    state_.avail_out = static_cast<std::uint32_t>(out.size());
    const int result = isal_inflate(&state_);
    if (result == ISAL_INCORRECT_CHECKSUM) throw_corrupt(Compression::gzip, "has a wrong checksum");
    if (result < 0 || result == ISAL_NEED_DICT) throw_corrupt(Compression::gzip, "is damaged");
    // Only now: of damaged input ISA-L may say that more is left than there was.
    in = in.last(state_.avail_in);
    out = out.last(state_.avail_out);
    return state_.block_state == ISAL_BLOCK_FINISH;
  }

 private:
  inflate_state state_{};
};

}  // namespace

std::unique_ptr<Decoder> gzip_decoder() { return std::make_unique<GzipDecoder>(); }

}  // namespace sealos::compression
