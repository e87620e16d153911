// A tar, byte for byte as it was, out of its tar-split and the files of its layer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sealos/sdk/stream.hpp"

namespace sealos::layer_tar {

/// Gives the content of the file that the tar has under this name, `size` bytes. Throws
/// SEALOS_CORRUPT where there is no such file.
using ContentOpener =
    std::function<std::unique_ptr<Stream>(const std::string& name, std::int64_t size)>;

/// `lines`: the tar-split, uncompressed. `size`: of the tar, -1 if it is not known. `layer` is for
/// messages. One entry at a time is in memory. The bytes are not verified, since a tar-split can
/// say anything: its reader knows the digest of the tar. Throws SEALOS_CORRUPT.
std::unique_ptr<Stream> tar_split_stream(std::unique_ptr<Stream> lines, ContentOpener open,
                                         std::string layer, std::int64_t size);

}  // namespace sealos::layer_tar
