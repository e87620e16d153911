// Takes an image out of a store.
#pragma once

#include "config.hpp"
#include "details.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::containers_storage {

/// A name that is not the image's only one is just taken from it. Otherwise the image goes, and the
/// layers that neither an image nor a container nor another layer needs. Throws SEALOS_NOT_FOUND,
/// and SEALOS_INVALID where a container uses the image.
void remove_image(sdk::Host host, const StoreSettings& settings, const ImageForm& form,
                  std::uint32_t flags);

}  // namespace sealos::containers_storage
