// Entries of index.json for manifests that belong to an image.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sealos/sdk/types.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::oci_layout {

/// Gathered while an image is written, and put into the index when it is committed.
class BelongingEntries {
 public:
  /// Returns the manifest's digest. Throws SEALOS_INVALID where it has no subject, and what
  /// check_layout_manifest throws.
  Digest add_referrer(const Item& manifest);
  Digest add_attached(const Digest& subject, const std::string& kind, const Item& manifest);
  void put_into(LayoutIndex& index) const;
  bool empty() const { return referrers_.empty() && attached_.empty(); }

 private:
  std::vector<Json> referrers_;  // their descriptors
  std::vector<std::pair<std::string, Descriptor>> attached_;
};

}  // namespace sealos::oci_layout
