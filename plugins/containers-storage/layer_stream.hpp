// The tar of a layer, byte for byte as it was, out of its files and its tar-split.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sealos/sdk/stream.hpp"
#include "store.hpp"
#include "support/file/file.hpp"

namespace sealos::containers_storage {

/// Nothing of the layer is in memory but the entry at hand. The bytes are not verified: the reader
/// knows the layer's digest. Throws SEALOS_CORRUPT where a file is missing or has another size,
/// SEALOS_UNSUPPORTED where the store has no tar-split of the layer.
std::unique_ptr<Stream> layer_stream(const Snapshot& snapshot, const StoredLayer& layer);

/// The same out of parts: `folders` hold the files, the first that has one counts; `size` is that
/// of the tar, -1 if it is not known. `name` is for messages.
std::unique_ptr<Stream> rebuilt_tar(std::vector<Fd> folders, Fd tar_split, const std::string& name,
                                    std::int64_t size);

}  // namespace sealos::containers_storage
