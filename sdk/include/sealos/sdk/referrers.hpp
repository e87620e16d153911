// Manifests that name another one as their subject. std only.
#pragma once

#include <string>

#include "sealos/ext/referrers.h"
#include "sealos/sdk/digest.hpp"

namespace sealos {

/// One manifest that refers to another: its digest, and its descriptor as JSON.
struct Referrer {
  Digest digest;
  std::string descriptor;
};

}  // namespace sealos
