// What the tests of this folder share: data, and streams that behave in a certain way.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"

namespace sealos::compression_testing {

/// Compresses to about half: words from a small vocabulary, and noise.
inline std::string sample(size_t size, unsigned seed = 1) {
  std::minstd_rand random(seed);
  std::string text;
  text.reserve(size + 16);
  while (text.size() < size) {
    if (random() % 8 == 0) {
      for (int i = 0; i < 8; ++i) text += static_cast<char>(random() >> 8);
    } else {
      text += "word" + std::to_string(random() % 300) + " ";
    }
  }
  text.resize(size);
  return text;
}

/// Gives at most `most` bytes at a time; `end` is called in place of the end.
class SlowStream final : public Stream {
 public:
  SlowStream(
      std::string bytes, size_t most, std::function<size_t()> end = [] { return 0; })
      : bytes_(std::move(bytes)), most_(most), end_(std::move(end)) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = std::min({into.size(), most_, bytes_.size() - at_});
    if (n == 0) return end_();
    std::memcpy(into.data(), bytes_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::string bytes_;
  size_t most_, at_ = 0;
  std::function<size_t()> end_;
};

/// The same byte for ever, or `size` times.
class EndlessStream final : public Stream {
 public:
  explicit EndlessStream(std::uint64_t size = ~0ULL) : left_(size) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = static_cast<size_t>(std::min<std::uint64_t>(left_, into.size()));
    std::memset(into.data(), 'x', n);
    left_ -= n;
    return n;
  }

 private:
  std::uint64_t left_;
};

inline std::string all_of(Stream& stream) { return read_stream(stream, 1 << 30, "the stream"); }

inline std::string packed(const std::string& bytes, Compression kind,
                          CompressOptions options = {}) {
  return all_of(*compress(memory_stream(bytes), kind, options));
}
inline std::string unpacked(const std::string& bytes, Compression kind, unsigned threads = 0) {
  return all_of(*decompress(memory_stream(bytes), kind, threads));
}

/// One ordinary member, as gzip(1) makes it.
inline std::string ordinary_gzip(const std::string& bytes) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

}  // namespace sealos::compression_testing
