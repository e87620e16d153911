#include "support/compression/plain_size.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"

using namespace sealos;

namespace {

std::string packed(const std::string& plain) {
  const auto stream = compress(memory_stream(plain), Compression::gzip);
  return read_stream(*stream, 1 << 26, "gzip");
}

std::string noisy(size_t size) {
  std::string bytes(size, '\0');
  unsigned seed = 1;
  for (char& byte : bytes) byte = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

/// Counts the reads.
struct Said {
  int reads = 0;
  std::optional<std::int64_t> operator()(const std::string& bytes, bool many) {
    const auto read_at = [&](std::int64_t offset, std::span<std::byte> into) {
      ++reads;
      const auto at = static_cast<size_t>(offset);
      if (at + into.size() > bytes.size()) return false;
      std::copy_n(std::as_bytes(std::span(bytes)).begin() + offset, into.size(), into.begin());
      return true;
    };
    return said_gzip_size(static_cast<std::int64_t>(bytes.size()), read_at, many);
  }
};

}  // namespace

TEST_CASE("what compress() has made says its size, member by member") {
  for (const size_t size : {1, 1000, 1 << 20, (3 << 20) + 17}) {
    Said said;
    CHECK(said(packed(noisy(size)), true) == static_cast<std::int64_t>(size));
    CHECK(said.reads == static_cast<int>((size + (1 << 20) - 1) >> 20));
  }
  Said one;
  CHECK_FALSE(one(packed(noisy((3 << 20) + 17)), false));  // the last member says 17
  CHECK(one.reads == 1);
}

TEST_CASE("one member says its size in the last bytes") {
  std::string bytes = packed(std::string(70000, 'x'));
  bytes[12] = 'X';  // another extra field than ours
  for (const bool many : {false, true}) CHECK(Said()(bytes, many) == 70000);
}

TEST_CASE("what is improbable, cut off or too large is not said") {
  std::string bytes = packed(noisy(70000));
  CHECK_FALSE(Said()(bytes + packed("x"), false));
  CHECK_FALSE(Said()("", true));
  CHECK_FALSE(Said()("\x1f\x8b", true));
  const auto none = [](std::int64_t, std::span<std::byte>) { return false; };
  CHECK_FALSE(said_gzip_size(1000, none, true));
  const auto most = [](std::int64_t, std::span<std::byte> into) {
    std::fill(into.begin(), into.end(), std::byte{0xff});
    return true;
  };
  CHECK(said_gzip_size(1000, most, true) == 0xffffffff);
  CHECK_FALSE(said_gzip_size(std::int64_t{1} << 30, most, false));
}

TEST_CASE("members that say nonsense of their own length do not lead anywhere") {
  std::string bytes = packed(noisy(70000));
  for (const int value : {0, 0x7f, 0xff}) {
    for (int at = 16; at < 20; ++at) bytes[static_cast<size_t>(at)] = static_cast<char>(value);
    Said said;
    CHECK(said(bytes, true) == 70000);  // the last bytes are left to ask
    CHECK(said.reads <= 3);
  }
}
