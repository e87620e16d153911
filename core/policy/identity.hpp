// Whether a signature is one of the image that is asked for (policy.json, "signedIdentity").
#pragma once

#include <optional>
#include <string>

#include "support/docker_name/docker_name.hpp"
#include "support/json/json.hpp"

namespace sealos::policy {

/// rule: the requirement's "signedIdentity", checked; nullptr: the default, matchRepoDigestOrExact.
/// image: the name that the image was asked for by, nullopt where its place has none. False also
/// where `signed_reference` is no name of an image with a tag or digest.
bool identity_accepts(const Json* rule, const std::optional<DockerName>& image,
                      const std::string& signed_reference);

}  // namespace sealos::policy
