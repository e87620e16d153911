// The tar of a layer, byte for byte as it was, out of its files and its tar-split.
#pragma once

#include <memory>

#include "sealos/sdk/stream.hpp"
#include "store.hpp"

namespace sealos::containers_storage {

/// Nothing of the layer is in memory but the entry at hand. The bytes are not verified: the reader
/// knows the layer's digest. Throws SEALOS_CORRUPT where a file is missing or has another size,
/// SEALOS_UNSUPPORTED where the store has no tar-split of the layer.
std::unique_ptr<Stream> layer_stream(const Snapshot& snapshot, const StoredLayer& layer);

}  // namespace sealos::containers_storage
