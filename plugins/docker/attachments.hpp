// Sigstore signatures in the repository of the image that they are of.
#pragma once

#include <vector>

#include "registry.hpp"
#include "sealos/sdk/types.hpp"
#include "upload.hpp"

namespace sealos::docker {

std::vector<Item> read_attachments(Registry& registry, const Digest& manifest);

/// Adds those that are not there yet.
void add_attachments(Registry& registry, Uploader& uploader, const Digest& manifest,
                     const std::vector<Item>& signatures);

}  // namespace sealos::docker
