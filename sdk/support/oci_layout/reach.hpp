// Which blobs an index.json needs.
#pragma once

#include <set>

#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos::oci_layout {

/// The blobs that the entries need, through manifests and nested indexes. Manifests that are
/// missing need nothing. Throws SEALOS_UNSUPPORTED where an entry or what it leads to has an
/// unknown type, as nobody knows what such a thing needs.
std::set<Digest> reachable_blobs(const LayoutIndex& index, const BlobFiles& blobs);

}  // namespace sealos::oci_layout
