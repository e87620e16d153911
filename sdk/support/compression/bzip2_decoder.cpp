#include <bzlib.h>

#include <new>

#include "support/compression/decoder.hpp"

namespace sealos::compression {
namespace {

class Bzip2Decoder final : public Decoder {
 public:
  ~Bzip2Decoder() override { end(); }

  bool find_member(Feed& feed) override {
    const auto head = feed.peek(4);
    if (head.empty()) return false;
    if (detect_compression(head) != Compression::bzip2)
      throw_corrupt(Compression::bzip2, "is followed by something else");
    return true;
  }

  void begin() override {
    end();
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
    open_ = true;
  }

  bool decode(std::span<const std::byte>& in, std::span<std::byte>& out) override {
    stream_.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(in.data()));
    stream_.avail_in = static_cast<unsigned>(in.size());
    stream_.next_out = reinterpret_cast<char*>(out.data());
    stream_.avail_out = static_cast<unsigned>(out.size());
    const int result = BZ2_bzDecompress(&stream_);
    in = in.last(stream_.avail_in);
    out = out.last(stream_.avail_out);
    if (result == BZ_MEM_ERROR) throw std::bad_alloc();
    if (result != BZ_OK && result != BZ_STREAM_END) throw_corrupt(Compression::bzip2, "is damaged");
    return result == BZ_STREAM_END;
  }

 private:
  void end() {
    if (open_) BZ2_bzDecompressEnd(&stream_);
    open_ = false;
  }

  bz_stream stream_{};
  bool open_ = false;
};

}  // namespace

std::unique_ptr<Decoder> bzip2_decoder() { return std::make_unique<Bzip2Decoder>(); }

}  // namespace sealos::compression
