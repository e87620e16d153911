#include "support/compression/chunk_compressor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/compression/testing.hpp"
#include "support/digest/hasher.hpp"

using namespace sealos;
using namespace sealos::compression_testing;

namespace {

std::string packed_by(compression::ChunkCompressor& compressor, const std::string& frame) {
  std::string out(ZSTD_compressBound(frame.size()), '\0');
  out.resize(
      compressor.compress(std::as_bytes(std::span(frame)), std::as_writable_bytes(std::span(out))));
  return out;
}

/// As dpkg has them.
std::string list_of_digests(size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    const std::string number = std::to_string(i);
    text += digest_of(number).str().substr(7, 32) + "  usr/share/doc/" + number + "/copyright\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a frame is compressed the same whatever was before it") {
  std::vector<std::string> frames = {"", "a", std::string(512, '\0'), list_of_digests(3000)};
  for (const size_t size : {1024, 1025, 8192, 8193, 131072, 131073, 1 << 20})
    frames.push_back(sample(size, static_cast<unsigned>(size)));
  for (const std::optional<int> level : {std::optional<int>(), std::optional<int>(3)}) {
    compression::ChunkCompressor all(level);
    for (int round = 0; round < 3; ++round) {
      for (const std::string& frame : frames) {
        CAPTURE(frame.size());
        compression::ChunkCompressor alone(level);
        const std::string packed = packed_by(all, frame);
        CHECK(packed == packed_by(alone, frame));
        CHECK(unpacked(packed, Compression::zstd) == frame);
      }
      std::reverse(frames.begin(), frames.end());
    }
  }
}

TEST_CASE(
    "without a level, frames are about as small as at level 7, and lists of digests smaller") {
  compression::ChunkCompressor usual({}), level(7);
  for (const size_t size : {20000, 50000, 300000, 1 << 20}) {
    CAPTURE(size);
    const std::string frame = sample(size, 11);
    CHECK(packed_by(usual, frame).size() * 100 < packed_by(level, frame).size() * 103);
  }
  const std::string list = list_of_digests(3000);
  CHECK(packed_by(usual, list).size() * 100 < packed_by(level, list).size() * 99);
}
