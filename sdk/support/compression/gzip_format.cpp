#include "support/compression/gzip_format.hpp"

#include <cstring>

namespace sealos::compression {
namespace {

// Magic, deflate, FEXTRA, no time, no hint, unknown system; XLEN 12; "SB", 8 bytes.
constexpr unsigned char kHead[16] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 12, 0, 'S', 'B', 8, 0};

}  // namespace

void store_gzip_head(std::byte* at, const GzipExtent& extent) {
  std::memcpy(at, kHead, sizeof kHead);
  store_le32(at + 16, static_cast<std::uint32_t>(extent.member));
  store_le32(at + 20, static_cast<std::uint32_t>(extent.plain));
}

std::optional<GzipExtent> gzip_extent(std::span<const std::byte> head) {
  if (head.size() < kGzipHead || std::memcmp(head.data(), kHead, sizeof kHead) != 0)
    return std::nullopt;
  const GzipExtent extent{load_le32(head.data() + 16), load_le32(head.data() + 20)};
  if (extent.member <= kGzipHead + kGzipTail) return std::nullopt;
  return extent;
}

}  // namespace sealos::compression
