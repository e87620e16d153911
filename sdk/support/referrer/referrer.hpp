// Manifests that belong to another one: those that name it as their subject (OCI image
// specification 1.1), and those that stand beside it under a name made of its digest (cosign).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

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

/// What may be attached: signatures, attestations, bills of materials.
inline constexpr std::array<std::string_view, 3> kAttachedKinds = {"sig", "att", "sbom"};

/// "sha256-<hex>.sig". Throws SEALOS_INVALID for a kind that is none.
std::string attached_name(const Digest& subject, std::string_view kind);
/// Whether it is a name of that form, so that no image is meant.
bool is_attached_name(std::string_view name);

}  // namespace sealos
