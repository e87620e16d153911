// Signatures that the registry itself stores: OpenShift's extension of the API.
#pragma once

#include <vector>

#include "registry.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

/// Simple signing only. For registries whose Registry::stores_signatures() is true.
std::vector<Item> read_api_signatures(Registry& registry, const Digest& manifest);

/// Adds those that are not there yet; there is no way to remove one.
void add_api_signatures(Registry& registry, const Digest& manifest,
                        const std::vector<Item>& signatures);

}  // namespace sealos::docker
