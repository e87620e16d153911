// Reading one blob.
#pragma once

#include <memory>

#include "registry.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

/// `length` bytes of the blob from `offset`; -1: to its end. SEALOS_UNSUPPORTED if the registry
/// does not give parts. The stream must not outlive the registry.
std::unique_ptr<Stream> open_download(Registry& registry, const Blob& blob, std::int64_t offset,
                                      std::int64_t length);

}  // namespace sealos::docker
