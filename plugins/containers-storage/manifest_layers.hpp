// What of a manifest concerns a store: its type, its config, and its layers as they lie there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/types.hpp"
#include "store.hpp"

namespace sealos::containers_storage {

inline constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";

/// The media type that a stored manifest says it has, or that its shape shows. Throws
/// SEALOS_CORRUPT for what is no manifest.
std::string manifest_type_of(std::string_view manifest);
bool is_index_type(std::string_view type);

/// The layers of the manifest with digest, size and type of the uncompressed tars that the chain
/// holds. Throws SEALOS_CORRUPT where manifest and chain do not fit.
std::vector<Blob> layers_as_stored(std::string_view manifest,
                                   const std::vector<const StoredLayer*>& chain,
                                   std::string_view image);

}  // namespace sealos::containers_storage
