// What may be put into a layout or an archive of that form.
#pragma once

#include <optional>
#include <string_view>

#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::oci_layout {

/// Throws SEALOS_MANIFEST_REJECTED for a type other than OCI manifest and index, SEALOS_UNSUPPORTED
/// for one that is too large to be read again, and SEALOS_CORRUPT where the instance is not the
/// digest of the manifest.
void check_layout_manifest(const std::optional<Digest>& instance, const Item& manifest);

/// Throws unless the content of a file oci-layout says version 1.0.0.
void check_layout_version(std::string_view text);

}  // namespace sealos::oci_layout
