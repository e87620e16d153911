// Whether an image's signatures meet a requirement of the policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/policy/key_rings.hpp"
#include "core/policy/requirement.hpp"
#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::policy {

/// An image as it was read.
struct SignedImage {
  std::optional<DockerName> name;  ///< it was asked for by; nullopt: its place has no such names
  Digest manifest;                 ///< of the bytes
  std::vector<Item> signatures;    ///< labels: "simple-signing", "sigstore-json"
};

/// Why this build cannot decide the requirement at all; "": it can.
std::string why_undecidable(const Requirement& requirement);

/// Of the kinds signed_by and sigstore_signed. "": one of the signatures is good; else why none
/// is. Throws where a key file of the policy cannot be read.
std::string why_not_signed(const Requirement& requirement, const SignedImage& image,
                           KeyRings& rings);

}  // namespace sealos::policy
