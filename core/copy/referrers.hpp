// What belongs to an image and travels with it: manifests that name it as their subject, and those
// that stand beside it (cosign).
#pragma once

#include <string>
#include <vector>

#include "core/copy/plan.hpp"
#include "core/host/destination.hpp"
#include "core/host/services.hpp"
#include "core/host/source.hpp"

namespace sealos {

/// Why a manifest that something refers to stays byte for byte.
inline constexpr const char* kReferred = "what refers to it would refer to nothing (--referrers)";

/// One manifest's way; it is never changed.
struct ReferrerPlan {
  Item manifest;  ///< with its media type as the label
  Digest digest, subject;
  std::string attached;  ///< the kind of what stands beside its subject; "": it names it
  bool listed = false;   ///< it is only part of an index that refers, and subject is that
  std::string artifact_type;
  std::vector<BlobStep> blobs;
};

/// Reads what belongs to the subjects, and what belongs to that, and so on; several at a time where
/// the source can. Each manifest has the digest and size that its list says. A part of an index
/// stands in front of it. A failure sets `cancel`. Throws what the source throws, SEALOS_CORRUPT
/// for a manifest that is another one, SEALOS_INVALID where there is too much.
std::vector<ReferrerPlan> read_referrers(Source& source, const std::vector<Digest>& subjects,
                                         unsigned workers, CancelToken& cancel);

/// Puts them, their blobs being there.
void put_referrers(Destination& destination, const std::vector<ReferrerPlan>& plans);

}  // namespace sealos
