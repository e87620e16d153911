#include "support/compression/compression.hpp"

#include <bzlib.h>
#include <doctest/doctest.h>
#include <lzma.h>
#include <zstd.h>

#include "support/compression/testing.hpp"

using namespace sealos;
using namespace sealos::compression_testing;

namespace {

constexpr size_t kMiB = 1 << 20;

std::string xz(const std::string& bytes) {
  std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
  size_t at = 0;
  lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr,
                          reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                          reinterpret_cast<std::uint8_t*>(out.data()), &at, out.size());
  out.resize(at);
  return out;
}

std::string bzip2(const std::string& bytes) {
  std::string out(bytes.size() * 2 + 600, '\0');
  unsigned size = static_cast<unsigned>(out.size());
  BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(bytes.data()),
                           static_cast<unsigned>(bytes.size()), 1, 0, 0);
  out.resize(size);
  return out;
}

std::string zstd_frame(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
  return out;
}

}  // namespace

TEST_CASE("what is compressed comes back, whatever its size") {
  const size_t sizes[] = {0,        1,        2,        kMiB - 1,     kMiB,     kMiB + 1,
                          2 * kMiB, 3 * kMiB, 4 * kMiB, 4 * kMiB + 1, 8 * kMiB, 8 * kMiB + 7};
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    for (const size_t size : sizes) {
      CAPTURE(name_of(kind));
      CAPTURE(size);
      const std::string bytes = sample(size);
      CHECK(unpacked(packed(bytes, kind), kind) == bytes);
    }
  }
}

TEST_CASE("the result does not depend on threads or on how the stream comes") {
  const std::string bytes = sample(17 * kMiB + 12345);
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    CAPTURE(name_of(kind));
    const std::string once = packed(bytes, kind, {{}, 1});
    for (const unsigned threads : {2U, 7U}) CHECK(packed(bytes, kind, {{}, threads}) == once);
    CHECK(all_of(*compress(std::make_unique<SlowStream>(bytes, 99999), kind)) == once);
    for (const unsigned threads : {1U, 2U, 7U}) CHECK(unpacked(once, kind, threads) == bytes);
  }
}

TEST_CASE("every level makes what can be read, and levels outside of the range are refused") {
  const std::string bytes = sample(kMiB + 5);
  const std::string noise = [] {
    std::minstd_rand random(3);
    std::string text(kMiB + 70000, '\0');
    for (char& c : text) c = static_cast<char>(random() >> 7);
    return text;
  }();
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    const LevelRange levels = levels_of(kind);
    for (int level = levels.least; level <= std::min(levels.most, 12); ++level) {
      CAPTURE(level);
      const std::string small = packed(bytes, kind, {level, 2});
      CHECK(small.size() < bytes.size() * 3 / 4);
      CHECK(unpacked(small, kind) == bytes);
      if (level < 4) CHECK(unpacked(packed(noise, kind, {level, 2}), kind) == noise);
    }
    CHECK(packed(bytes, kind, {levels.usual, 2}) == packed(bytes, kind));
    for (const int level : {levels.least - 1, levels.most + 1}) {
      CHECK_THROWS_AS(compress(memory_stream(""), kind, {level, 1}), Error);
    }
  }
  CHECK(levels_of(Compression::zstd).usual == 3);
  CHECK_THROWS_AS(levels_of(Compression::xz), Error);
  CHECK_THROWS_AS(compress(memory_stream(""), Compression::bzip2), Error);
}

TEST_CASE("zlib reads what we write as gzip") {
  const std::string bytes = sample(2 * kMiB + 3);
  std::string in = packed(bytes, Compression::gzip), out(bytes.size() + 1, '\0');
  z_stream z{};
  z.next_in = reinterpret_cast<Bytef*>(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  inflateInit2(&z, 15 + 16);
  while (z.avail_in != 0) {
    REQUIRE(inflate(&z, Z_FINISH) == Z_STREAM_END);
    const z_stream rest = z;
    inflateReset(&z);
    z.next_in = rest.next_in;
    z.avail_in = rest.avail_in;
  }
  out.resize(out.size() - z.avail_out);
  inflateEnd(&z);
  CHECK(out == bytes);
}

TEST_CASE("what others make is read, in one member or in several, in pieces of any size") {
  const std::string a = sample(3 * kMiB + 17, 5), b = sample(70000, 6);
  struct Maker {
    Compression kind;
    std::string (*make)(const std::string&);
  };
  for (const auto& [kind, make] :
       {Maker{Compression::gzip, ordinary_gzip}, Maker{Compression::zstd, zstd_frame},
        Maker{Compression::xz, xz}, Maker{Compression::bzip2, bzip2}}) {
    const auto name = name_of(kind);
    CAPTURE(name);
    CHECK(unpacked(make(""), kind).empty());
    CHECK(unpacked(make(a), kind) == a);
    const std::string both = make(b) + make("") + make(a) + make(b);
    CHECK(unpacked(both, kind) == b + a + b);
    for (const size_t piece : {1U, 7U, 4097U}) {
      const std::string c = piece == 1 ? b.substr(0, 5000) : b;
      const std::string small = make(c) + make(c) + make("");
      CHECK(all_of(*decompress(std::make_unique<SlowStream>(small, piece), kind)) == c + c);
    }
    Compression found = Compression::none;
    CHECK(all_of(*decompress_any(memory_stream(both), &found)) == b + a + b);
    CHECK(found == kind);
  }
}

TEST_CASE("members of ours and of others may be mixed") {
  const std::string a = sample(kMiB + 17, 5), b = sample(70000, 6);
  const std::string mixed = packed(a, Compression::gzip) + ordinary_gzip(b) +
                            packed("", Compression::gzip) + packed(b, Compression::gzip);
  CHECK(unpacked(mixed, Compression::gzip) == a + b + b);
  const std::string frames = zstd_frame(b) + packed(a, Compression::zstd) + zstd_frame(b);
  CHECK(unpacked(frames, Compression::zstd) == b + a + b);
}

TEST_CASE("zstd comes as frames of 8 MiB that say their size and have a checksum") {
  const std::string bytes = sample(9 * kMiB);
  const std::string all = packed(bytes, Compression::zstd);
  std::string_view rest = all;
  for (const size_t plain : {8 * kMiB, kMiB}) {
    REQUIRE(!rest.empty());
    CHECK(ZSTD_getFrameContentSize(rest.data(), rest.size()) == plain);
    CHECK((rest[4] & 4) != 0);
    const size_t size = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
    REQUIRE_FALSE(ZSTD_isError(size));
    rest.remove_prefix(size);
  }
  CHECK(rest.empty());
}

TEST_CASE("a compressor that is given up lets the others go on") {
  const std::string bytes = sample(20 * kMiB);
  for (int i = 0; i < 3; ++i) {
    const auto given_up = compress(memory_stream(bytes), Compression::zstd, {{}, 3});
    std::byte first;
    CHECK(given_up->read({&first, 1}) == 1);
  }
  CHECK(unpacked(packed(bytes, Compression::zstd, {1, 3}), Compression::zstd) == bytes);
}

TEST_CASE("skippable zstd frames and padding between xz streams mean nothing") {
  const std::string bytes = sample(5000);
  const std::string skipped = std::string("\x5a\x2a\x4d\x18\x05\0\0\0", 8) + "hello";
  const std::string frames = skipped + zstd_frame(bytes) + skipped + zstd_frame(bytes) + skipped;
  CHECK(unpacked(frames, Compression::zstd) == bytes + bytes);
  CHECK(all_of(*decompress_any(memory_stream(frames))) == bytes + bytes);
  const std::string zeros(8, '\0');
  CHECK(unpacked(xz(bytes) + zeros + xz(bytes) + zeros, Compression::xz) == bytes + bytes);
  CHECK_THROWS_AS(unpacked(xz(bytes) + std::string(3, '\0'), Compression::xz), Error);
}

TEST_CASE("kinds are told by their first bytes, and have names") {
  auto detected = [](std::string_view head) {
    return detect_compression(std::as_bytes(std::span(head)));
  };
  CHECK(detected("") == Compression::none);
  CHECK(detected("\x1f\x8b") == Compression::none);
  CHECK(detected("\x1f\x8b\x08") == Compression::gzip);
  CHECK(detected("\x28\xb5\x2f\xfd") == Compression::zstd);
  CHECK(detected("BZh9") == Compression::bzip2);
  CHECK(detected(std::string_view("\xfd\x37zXZ\0", 6)) == Compression::xz);
  for (const char* name : {"", "gzip", "zstd", "xz", "bzip2"}) {
    CHECK(name_of(compression_named(name).value()) == name);
  }
  CHECK_FALSE(compression_named("lz4"));
  Compression found = Compression::gzip;
  CHECK(all_of(*decompress_any(memory_stream("tar"), &found)) == "tar");
  CHECK(found == Compression::none);
  CHECK(all_of(*decompress_any(memory_stream(""), &found)).empty());
}
