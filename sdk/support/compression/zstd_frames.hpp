// zstd as a row of frames.
#pragma once

#include <memory>

#include "support/compression/pipeline.hpp"

namespace sealos::compression {

/// One frame a block, at a level up to kFrameLevels. Nothing is copied into libzstd and nothing is
/// looked at twice, which takes a quarter off the time of libzstd's own threads. At most as many
/// blocks of all streams are filled and compressed at a time as there are processors.
std::unique_ptr<BlockWork> zstd_frames(std::unique_ptr<Stream> from, int level);

}  // namespace sealos::compression
