// gzip members (RFC 1952), and those that say how large they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sealos::compression {

inline std::uint32_t load_le32(const std::byte* at) {
  return std::to_integer<std::uint32_t>(at[0]) | std::to_integer<std::uint32_t>(at[1]) << 8 |
         std::to_integer<std::uint32_t>(at[2]) << 16 | std::to_integer<std::uint32_t>(at[3]) << 24;
}
inline void store_le32(std::byte* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

/// What we write is a row of members of at most kGzipBlock bytes. Each has one extra field, "SB" of
/// eight bytes: the size of the member and the size of what is in it, little-endian. Readers that
/// do not know the field skip it; ours reads such members on several threads.
constexpr size_t kGzipBlock = 1 << 20;
constexpr size_t kGzipHead = 10 + 2 + 4 + 8;
constexpr size_t kGzipTail = 8;

struct GzipExtent {
  size_t member, plain;
};

/// Writes kGzipHead bytes.
void store_gzip_head(std::byte* at, const GzipExtent& extent);
/// Of a member that begins with kGzipHead bytes in exactly our form.
std::optional<GzipExtent> gzip_extent(std::span<const std::byte> head);

}  // namespace sealos::compression
