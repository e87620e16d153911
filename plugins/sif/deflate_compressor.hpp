// The gzip of squashfs (zlib streams), made by libdeflate: the same format as zlib's in half the
// time.
#pragma once

#include "squashfs_objects.hpp"

namespace sealos::sif {

/// level: 1 to 12. Compresses only.
SqfsObject<sqfs_compressor_t> deflate_compressor(int level, std::uint32_t block_size);

}  // namespace sealos::sif
