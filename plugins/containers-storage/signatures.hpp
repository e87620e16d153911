// The signatures that an image in a store carries.
#pragma once

#include <vector>

#include "sealos/sdk/types.hpp"
#include "store.hpp"

namespace sealos::containers_storage {

/// Of the manifest with this digest; labels "simple-signing" and "sigstore-json".
std::vector<Item> read_signatures_of(const StoredImage& image, const std::string& manifest_digest);

}  // namespace sealos::containers_storage
