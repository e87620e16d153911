#include <lzma.h>

#include <new>

#include "support/compression/decoder.hpp"

namespace sealos::compression {
namespace {

// "xz -9" needs 65 MiB; a header may ask for 4 GiB.
constexpr std::uint64_t kMostMemory = 128 << 20;

class XzDecoder final : public Decoder {
 public:
  ~XzDecoder() override { lzma_end(&stream_); }

  bool find_member(Feed& feed) override {
    // Between streams, and after the last, zeros may stand, four by four (xz format, 2.2).
    while (true) {
      const auto head = feed.peek(6);
      if (head.empty()) return false;
      if (!first_ && head.size() >= 4 && head[0] == std::byte{0} && head[1] == std::byte{0} &&
          head[2] == std::byte{0} && head[3] == std::byte{0}) {
        feed.skip(4);
        continue;
      }
      if (detect_compression(head) != Compression::xz)
        throw_corrupt(Compression::xz, "is followed by something else");
      first_ = false;
      return true;
    }
  }

  void begin() override {
    if (lzma_stream_decoder(&stream_, kMostMemory, LZMA_TELL_UNSUPPORTED_CHECK) != LZMA_OK)
      throw std::bad_alloc();
  }

  bool decode(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
    in = in.last(stream_.avail_in);
    out = out.last(stream_.avail_out);
    switch (result) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:  // nothing to do with what there is
        return false;
      case LZMA_STREAM_END:
        return true;
      case LZMA_MEM_ERROR:
        throw std::bad_alloc();
      case LZMA_MEMLIMIT_ERROR:
        throw Error(Status::unsupported,
                    "the xz stream needs more than 128 MiB of memory to be decompressed");
      case LZMA_OPTIONS_ERROR:
      case LZMA_UNSUPPORTED_CHECK:
        throw Error(Status::unsupported, "the xz stream uses options that liblzma does not know");
      default:
        throw_corrupt(Compression::xz, "is damaged");
    }
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Decoder> xz_decoder() { return std::make_unique<XzDecoder>(); }

}  // namespace sealos::compression
