#include "support/compression/plain_size.hpp"

#include <array>

#include "support/compression/gzip_format.hpp"

namespace sealos {
namespace {

using namespace compression;

/// What is larger may well have 4 GiB in it.
constexpr std::int64_t kLargest = 512 << 20;
/// So many members of compress() are looked at, each 1 MiB.
constexpr int kMostMembers = 4096;

/// The sum over members that say how large they are.
std::optional<std::int64_t> sum_of_members(std::int64_t size, const ReadAt& read_at) {
  std::array<std::byte, kGzipHead> head{};
  std::int64_t at = 0, sum = 0;
  for (int i = 0; i < kMostMembers && at < size; ++i) {
    if (size - at < static_cast<std::int64_t>(kGzipHead) || !read_at(at, head)) return std::nullopt;
    const auto extent = gzip_extent(head);
    if (!extent) return std::nullopt;
    at += static_cast<std::int64_t>(extent->member);
    sum += static_cast<std::int64_t>(extent->plain);
  }
  return at == size ? std::optional(sum) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> said_gzip_size(std::int64_t size, const ReadAt& read_at,
                                           bool many_reads) {
  if (size < static_cast<std::int64_t>(kGzipHead)) return std::nullopt;
  if (many_reads) {
    if (const auto sum = sum_of_members(size, read_at)) return sum;
  }
  std::array<std::byte, 4> tail{};
  if (size > kLargest || !read_at(size - 4, tail)) return std::nullopt;
  const std::int64_t said = load_le32(tail.data());
  // Compressed bytes are few more than plain ones, or it is the last of several members.
  return said >= size - size / 64 - 1024 ? std::optional(said) : std::nullopt;
}

}  // namespace sealos
