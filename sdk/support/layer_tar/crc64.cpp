#include "support/layer_tar/crc64.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace sealos::layer_tar {
namespace {

constexpr std::uint64_t kPolynomial = 0xD800000000000000;
constexpr size_t kSlices = 16;
using Tables = std::array<std::array<std::uint64_t, 256>, kSlices>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][i] = value;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t i = 0; i < 256; ++i) {
      const std::uint64_t before = tables[slice - 1][i];
      tables[slice][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

std::uint64_t load(const std::byte* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof(value));
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

}  // namespace

// Sixteen bytes at a time: each byte's effect is looked up in the table of its distance to the end.
void Crc64::update(std::span<const std::byte> bytes) {
  std::uint64_t crc = state_;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; left -= kSlices, at += kSlices) {
    const std::uint64_t low = load(at) ^ crc, high = load(at + 8);
    crc = 0;
    for (size_t i = 0; i < 8; ++i) {
      crc ^= kTables[15 - i][(low >> (8 * i)) & 0xff] ^ kTables[7 - i][(high >> (8 * i)) & 0xff];
    }
  }
  for (; left > 0; --left, ++at)
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<std::uint64_t>(*at)) & 0xff];
  state_ = crc;
}

}  // namespace sealos::layer_tar
