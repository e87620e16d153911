// libzstd's compressors as all of this folder set them up.
#pragma once

#include <zstd.h>

#include <cstddef>
#include <memory>

namespace sealos::compression {

/// Up to this level a layer comes as a row of frames, each compressed in one go.
constexpr int kFrameLevels = 5;
/// RFC 8878 asks every reader to have a window of 8 MiB; the levels above 19 would take up to 128.
constexpr int kMostWindowLog = 23;

struct FreeZstdCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using ZstdCompressor = std::unique_ptr<ZSTD_CCtx, FreeZstdCompressor>;

/// With a checksum behind each frame. Throws std::bad_alloc.
ZstdCompressor zstd_context(int level);

/// The result of a function of libzstd; throws SEALOS_INTERNAL where it is an error.
size_t checked_zstd(size_t result);

}  // namespace sealos::compression
