// Manifests of a repository that belong to another one: those that name it as their subject (OCI
// distribution 1.1), and those that have a tag made of its digest (cosign).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry.hpp"
#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

/// From the referrers API, or from the index under the subject's tag where the registry has no such
/// API. artifact_type nullopt: all.
std::vector<Referrer> list_referrers(Registry& registry, const Digest& subject,
                                     const std::optional<std::string>& artifact_type);

/// Adds a manifest that is in the repository to the index under the tag of its subject, for a
/// registry that does not keep such a list itself. What others added meanwhile is kept.
void add_to_tagged_index(Registry& registry, const Digest& subject, const Digest& digest,
                         const Item& manifest);

/// "sha256-<hex>", the tag of the index of what refers to the subject.
std::string referrers_tag(const Digest& subject);

/// What stands beside the subject under tags made of its digest.
std::vector<Attached> list_attached(Registry& registry, const Digest& subject);

/// Tags a manifest as that kind of what stands beside the subject. One that has the tag already is
/// not sent; another one loses it, with a warning that tells its digest.
void put_attached(Registry& registry, const Digest& subject, const std::string& kind,
                  const Item& manifest);

}  // namespace sealos::docker
