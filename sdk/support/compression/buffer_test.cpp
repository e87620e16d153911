#include "support/compression/buffer.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using sealos::compression::Buffer;

namespace {

std::string text_in(const Buffer& buffer) {
  const auto bytes = buffer.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("a buffer keeps its bytes while it grows, beyond the size of huge pages too") {
  Buffer buffer;
  std::string all;
  for (int i = 0; all.size() < (size_t{9} << 20); ++i) {
    const std::string piece(100'000, static_cast<char>('a' + i % 26));
    buffer.append(std::as_bytes(std::span(piece)));
    all += piece;
  }
  CHECK(text_in(buffer) == all);
  const size_t capacity = buffer.capacity();
  buffer.clear();
  CHECK(buffer.room(capacity).size() == capacity);
  CHECK(buffer.capacity() == capacity);
}

TEST_CASE("all of the room of a large buffer can be written") {
  for (const size_t size :
       {size_t{1}, (size_t{2} << 20) - 1, size_t{2} << 20, (size_t{8} << 20) + 4711}) {
    CAPTURE(size);
    Buffer buffer;
    const auto room = buffer.room(size);
    REQUIRE(room.size() == size);
    std::memset(room.data(), 'x', size);
    buffer.grow(size);
    CHECK(text_in(buffer) == std::string(size, 'x'));
  }
}
