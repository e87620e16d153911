// The signatures that an image in a store carries.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sealos/sdk/types.hpp"
#include "store.hpp"

namespace sealos::containers_storage {

/// Of the manifest with this digest; labels "simple-signing" and "sigstore-json".
std::vector<Item> read_signatures_of(const StoredImage& image, const std::string& manifest_digest);

/// All of them behind one another, and a list of their sizes, as a store keeps them.
std::pair<std::string, Json> join_signatures(const std::vector<Item>& signatures);

}  // namespace sealos::containers_storage
