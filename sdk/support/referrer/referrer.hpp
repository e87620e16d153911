// Manifests that name another one as their subject (OCI image specification 1.1).
#pragma once

#include <optional>

#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"
#include "support/json/json.hpp"

namespace sealos {

/// The digest in the manifest's "subject"; nullopt: it has none. Throws SEALOS_INVALID for a
/// subject without a digest, and for a text that may have one and is no JSON.
std::optional<Digest> subject_of(const Item& manifest);

/// What a list of referrers says of the manifest: its descriptor with its artifact type, which is
/// that of its config where it has none of its own, and its annotations.
Json referrer_descriptor(const Digest& digest, const Item& manifest);

}  // namespace sealos
