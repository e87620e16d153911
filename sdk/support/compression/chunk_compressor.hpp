// How the frames of a zstd:chunked layer are compressed.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "support/compression/zstd_context.hpp"

namespace sealos::compression {

/// Compresses one frame at a time, each for itself. What it makes depends on the frame alone.
/// Throws std::bad_alloc.
class ChunkCompressor {
 public:
  /// level: libzstd's. Where none is given, a search for each size of frame, chosen so that layers
  /// are about as small as at level 7 in five sixths of the time.
  explicit ChunkCompressor(std::optional<int> level);

  /// `to` has room for ZSTD_compressBound(); returns how much was used.
  size_t compress(std::span<const std::byte> from, std::span<std::byte> to);

 private:
  // A context of its own for each size: one for all would be made anew now and then, since libzstd
  // gives back memory that it has not needed for a while.
  static constexpr size_t kSizes = 4;
  const std::optional<int> level_;
  std::array<ZstdCompressor, kSizes> contexts_;
};

}  // namespace sealos::compression
