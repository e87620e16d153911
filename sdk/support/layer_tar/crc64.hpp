// The checksum of file contents in a tar-split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sealos::layer_tar {

/// CRC-64 with the ISO 3309 polynomial, reflected, as Go's hash/crc64.ISO.
class Crc64 {
 public:
  void update(std::span<const std::byte> bytes);
  std::uint64_t value() const { return ~state_; }

 private:
  std::uint64_t state_ = ~std::uint64_t{0};
};

}  // namespace sealos::layer_tar
