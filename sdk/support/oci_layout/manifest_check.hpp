// What may be put into a layout or an archive of that form.
#pragma once

#include <optional>

#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::oci_layout {

/// Throws SEALOS_MANIFEST_REJECTED for a type other than OCI manifest and index, SEALOS_UNSUPPORTED
/// for an index in an index, which the other tools do not read, and SEALOS_CORRUPT where the
/// instance is not the digest of the manifest.
void check_layout_manifest(const std::optional<Digest>& instance, const Item& manifest);

}  // namespace sealos::oci_layout
