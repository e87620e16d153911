// Manifests that belong to another one. std only.
#pragma once

#include <optional>
#include <string>

#include "sealos/ext/referrers.h"
#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/types.hpp"

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

namespace sdk {

/// What a source's or destination's list_referrers returns, over the ABI.
template <typename Lister>
sealos_status emit_referrers(Lister& lister, const char* subject, const char* artifact_type,
                             sealos_emit emit, void* to, sealos_error* error) {
  sealos_status emitted = SEALOS_OK;
  const sealos_status status = guard(error, [&] {
    std::optional<std::string> type;
    if (artifact_type != nullptr) type = artifact_type;
    for (const Referrer& one : lister.list_referrers(Digest::require(subject), type)) {
      emitted = emit_item(emit, to, Item{one.digest.str(), one.descriptor});
      if (emitted != SEALOS_OK) break;
    }
  });
  return status != SEALOS_OK ? status : emitted;
}

}  // namespace sdk

}  // namespace sealos
