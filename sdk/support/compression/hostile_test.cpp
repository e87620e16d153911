#include <doctest/doctest.h>
#include <malloc.h>

#include <fstream>

#include "support/compression/compression.hpp"
#include "support/compression/testing.hpp"

using namespace sealos;
using namespace sealos::compression_testing;

namespace {

Status status_of(const std::string& bytes, Compression kind) {
  try {
    unpacked(bytes, kind);
  } catch (const Error& e) {
    return e.status();
  }
  return Status::ok;
}

std::int64_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t all = 0, pages = 0;
  statm >> all >> pages;
  return pages * 4096;
}

// A row of members or frames, small enough to try every byte of it.
struct Small {
  Compression kind;
  std::string bytes, plain;
};
std::vector<Small> small_streams() {
  const std::string text = sample(300);
  std::vector<Small> all;
  for (const Compression kind : {Compression::gzip, Compression::zstd})
    all.push_back({kind, packed(text, kind), text});
  all.push_back({Compression::gzip, ordinary_gzip(text), text});
  all.push_back({Compression::xz,
                 {"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00"
                  "\x74\x2f\xe5\xa3\x01\x00\x04\x68\x65\x6c\x6c\x6f\x00\x00\x00\x00\xb1\x37\xb9\xdb"
                  "\xe5\xda\x1e\x9b\x00\x01\x1d\x05\xb8\x2d\x80\xaf\x1f\xb6\xf3\x7d\x01\x00\x00\x00"
                  "\x00\x04\x59\x5a",
                  64},
                 "hello"});
  all.push_back({Compression::bzip2,
                 {"\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x19\x31\x65\x3d\x00\x00\x00\x81\x00\x02"
                  "\x44\xa0\x00\x21\x9a\x68\x33\x4d\x07\x33\x8b\xb9\x22\x9c\x28\x48\x0c\x98\xb2\x9e"
                  "\x80",
                  41},
                 "hello"});
  return all;
}

}  // namespace

TEST_CASE("a stream that is cut off anywhere is corrupt") {
  for (const Small& small : small_streams()) {
    CAPTURE(name_of(small.kind));
    for (size_t n = 0; n < small.bytes.size(); ++n) {
      CAPTURE(n);
      CHECK(status_of(small.bytes.substr(0, n), small.kind) == Status::corrupt);
      // The same after a whole one; at 0 the stream ends well.
      if (n != 0)
        CHECK(status_of(small.bytes + small.bytes.substr(0, n), small.kind) != Status::ok);
    }
  }
}

TEST_CASE("a flipped bit never gives other bytes") {
  for (const Small& small : small_streams()) {
    CAPTURE(name_of(small.kind));
    REQUIRE(unpacked(small.bytes, small.kind) == small.plain);
    for (size_t bit = 0; bit < small.bytes.size() * 8; ++bit) {
      std::string bytes = small.bytes;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      std::string found = small.plain;  // also with another time, name or system in gzip's head
      Status status = Status::corrupt;
      try {
        found = unpacked(bytes, small.kind);
      } catch (const Error& e) {
        status = e.status();
      }
      CAPTURE(bit);
      CHECK(found == small.plain);
      const bool fits = status == Status::corrupt || status == Status::unsupported;
      CHECK(fits);
    }
  }
}

TEST_CASE("what stands after the end is corrupt") {
  for (const Small& small : small_streams()) {
    CAPTURE(name_of(small.kind));
    CHECK(status_of(small.bytes + "rest", small.kind) == Status::corrupt);
    CHECK(status_of(small.bytes + std::string(513, '\0'), small.kind) == Status::corrupt);
  }
}

TEST_CASE("errors of the stream below come through as they are, after the bytes before them") {
  const auto fail = []() -> size_t {
    throw Error(Status::denied, "reading layer 3: 403").set_retryable(1500);
  };
  const std::string bytes = sample(3 << 20);
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    for (const bool in : {true, false}) {
      const std::string below = in ? bytes : packed(bytes, kind);
      auto from = std::make_unique<SlowStream>(below.substr(0, below.size() - 1), 1 << 16, fail);
      auto stream = in ? compress(std::move(from), kind) : decompress(std::move(from), kind);
      for (int again = 0; again < 2; ++again) {
        try {
          all_of(*stream);
          FAIL("no error");
        } catch (const Error& e) {
          CHECK(e.status() == Status::denied);
          CHECK(e.message() == "reading layer 3: 403");
          CHECK(e.retry_after_ms() == 1500);
        }
      }
    }
  }
}

TEST_CASE("a stream may be given up at any time") {
  const std::string plain = sample(6 << 20);
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    const std::string bytes = packed(plain, kind);
    for (const size_t before : {0U, 1U, 100U, 300000U}) {
      for (const bool in : {true, false}) {
        auto from = memory_stream(in ? plain : bytes);
        auto stream = in ? compress(borrow(*from), kind) : decompress(borrow(*from), kind);
        std::vector<std::byte> buffer(before);
        for (size_t n = 0; n < before;) n += stream->read(std::span(buffer).subspan(n));
      }
    }
  }
}

TEST_CASE("an endless stream may be given up") {
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    auto stream = decompress(compress(std::make_unique<EndlessStream>(), kind, {1, 2}), kind);
    std::byte one[1];
    CHECK(stream->read(one) == 1);
  }
}

TEST_CASE("memory stays small whatever comes out") {
#ifdef SEALOS_SANITIZED  // which needs much memory of its own, so that only the way there counts
  const std::uint64_t size = 100 << 20;
#else
  const std::uint64_t size = 1 << 30;
#endif
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    CAPTURE(name_of(kind));
    ::malloc_trim(0);
    const std::int64_t before = resident();
    auto bomb = compress(std::make_unique<EndlessStream>(size), kind, {1, 2});
    auto stream = decompress(std::move(bomb), kind);
    std::vector<std::byte> buffer(1 << 16);
    std::uint64_t done = 0;
    std::int64_t most = 0;
    while (const size_t n = stream->read(buffer)) {
      done += n;
      if (done % (64 << 20) < n) most = std::max(most, resident() - before);
    }
    CHECK(done == size);
#ifndef SEALOS_SANITIZED
    CHECK(most < (32 << 20));
#endif
  }
}

TEST_CASE("a stream that asks for very much memory is refused") {
  // An xz stream whose one block has a dictionary of 1.5 GiB, made with lzma2=dict=1536MiB.
  std::string bytes = small_streams()[3].bytes;
  // Block header: size, flags, filter 0x21, one byte of properties, padding, CRC32.
  bytes[16] = 38;  // 2 GiB
  std::uint32_t crc =
      static_cast<std::uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()) + 12, 8));
  std::memcpy(bytes.data() + 20, &crc, 4);
  CHECK(status_of(bytes, Compression::xz) == Status::unsupported);
  // A zstd frame with a window of 1 GiB, an empty raw block.
  const std::string zstd("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00", 9);
  CHECK(status_of(zstd, Compression::zstd) == Status::unsupported);
}
