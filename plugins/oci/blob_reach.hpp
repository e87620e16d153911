// Which blobs an index.json needs, and removing the others.
#pragma once

#include <set>

#include "blob_folder.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::oci {

/// The blobs that the entries need, through manifests and nested indexes. Manifests that are
/// missing need nothing. Throws SEALOS_UNSUPPORTED where an entry or what it leads to has an
/// unknown type, as nobody knows what such a thing needs.
std::set<Digest> reachable_blobs(const oci_layout::LayoutIndex& index, const BlobFolder& blobs);

/// Removes the blobs that `before` needs and `after` does not. Nobody else may write to the layout.
/// Returns how many.
size_t remove_unreached(const std::set<Digest>& before, const std::set<Digest>& after,
                        const BlobFolder& blobs);

}  // namespace sealos::oci
