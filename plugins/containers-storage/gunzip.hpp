// Reading gzip.
#pragma once

#include <memory>

#include "sealos/sdk/stream.hpp"

namespace sealos::containers_storage {

/// What is inside, all members. Throws SEALOS_CORRUPT for what is cut off or no gzip.
std::unique_ptr<Stream> gunzip(std::unique_ptr<Stream> from);

}  // namespace sealos::containers_storage
