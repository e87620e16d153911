// The two formats that are written.
#pragma once

#include <memory>

#include "support/compression/compression.hpp"

namespace sealos::compression {

std::unique_ptr<Stream> gzip_compressor(std::unique_ptr<Stream> from, int level, unsigned threads);
std::unique_ptr<Stream> zstd_compressor(std::unique_ptr<Stream> from, int level, unsigned threads);

}  // namespace sealos::compression
