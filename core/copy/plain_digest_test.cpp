#include "core/copy/plain_digest.hpp"

#include <doctest/doctest.h>

#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"

using namespace sealos;

namespace {

std::string compressed(const std::string& bytes, Compression kind) {
  const auto stream = compress(memory_stream(bytes), kind);
  return read_stream(*stream, 1 << 26, "compressed");
}

const std::string kLayerText = [] {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += std::to_string(i * 7919);
  return text;
}();

}  // namespace

TEST_CASE("the digest without compression is found while the bytes pass as they are") {
  for (const Compression kind : {Compression::none, Compression::gzip, Compression::zstd}) {
    CAPTURE(name_of(kind));
    const std::string bytes = kind == Compression::none ? kLayerText : compressed(kLayerText, kind);
    PlainDigest stream(memory_stream(bytes));
    CHECK(read_stream(stream, 1 << 26, "layer") == bytes);
    CHECK(stream.digest() == digest_of(kLayerText));
  }
}

TEST_CASE("a layer that cannot be decompressed does not end well") {
  const std::string bytes = compressed(kLayerText, Compression::gzip);
  PlainDigest stream(memory_stream(bytes.substr(0, bytes.size() / 2)));
  CHECK_THROWS_WITH_AS(read_stream(stream, 1 << 26, "layer"), doctest::Contains("cut off"), Error);
}

TEST_CASE("a layer may be given up at any time") {
  const std::string bytes = compressed(kLayerText, Compression::gzip);
  PlainDigest stream(memory_stream(bytes));
  std::array<std::byte, 1000> some{};
  CHECK(stream.read(some) > 0);
}
