// Manifests that belong to another one. std only.
#pragma once

#include <string>

#include "sealos/ext/draft/referrers.h"
#include "sealos/sdk/digest.hpp"

namespace sealos {

/// One manifest that refers to another: its digest, and its descriptor as JSON.
struct Referrer {
  Digest digest;
  std::string descriptor;
};

/// One manifest that stands beside another: "sig", "att" or "sbom", and its descriptor as JSON.
struct Attached {
  std::string kind;
  std::string descriptor;
};

}  // namespace sealos
