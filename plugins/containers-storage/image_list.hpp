// Lists of images, as podman and buildah keep them.
#pragma once

#include <map>
#include <string>

#include "commit.hpp"
#include "config.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::containers_storage {

/// The ID of a list. The others take a random one; this way the same list is there only once.
std::string list_id(const Item& index);

/// A record without layers: the index as it is, and where podman finds each instance. `images`: IDs
/// of images in this store, by digest of their manifests.
NewImage make_list(const Item& index, const std::map<std::string, std::string>& images,
                   const StoreSettings& settings, const std::string& driver);

}  // namespace sealos::containers_storage
