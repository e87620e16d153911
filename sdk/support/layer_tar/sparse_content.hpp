// The content of a file that stands in a tar without its holes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "support/layer_tar/tar_reader.hpp"

namespace sealos::layer_tar {

/// Receives bytes of the file, whose places grow. What lies between is zero.
using SparsePiece = std::function<void(std::int64_t at, std::span<const std::byte> bytes)>;

/// Reads the content of `entry`, which is sparse and the reader's current one, and returns the size
/// of the file. The bytes as they stand in the tar go to `split` too, unless it is nullptr. Throws
/// SEALOS_CORRUPT.
std::int64_t read_sparse_content(const TarEntry& entry, TarReader& reader, TarSplitWriter* split,
                                 const SparsePiece& piece);

}  // namespace sealos::layer_tar
