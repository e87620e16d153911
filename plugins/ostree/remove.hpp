// Takes an image out of a repository.
#pragma once

#include <string>

#include "repository.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::ostree {

/// Removes the branches of the image and of the blobs that no other image names, and the objects
/// that no branch reaches then, while nobody else writes. Throws SEALOS_NOT_FOUND, and, before
/// anything is removed, where another image's manifest cannot be read.
void remove_image(sdk::Host host, const std::shared_ptr<const Repository>& repository,
                  const std::string& image);

}  // namespace sealos::ostree
