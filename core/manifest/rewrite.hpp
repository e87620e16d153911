// New manifests out of old ones. No I/O.
#pragma once

#include <vector>

#include "core/manifest/manifest.hpp"

namespace sealos {

/// The same image with these blobs, as `kind`, which is not schema 1. Members that are not
/// understood are kept where the kind stays the same; the annotations of an OCI manifest have no
/// place in a docker one and are left out. obstacle_to has said nothing against it, and the
/// descriptors' media types are those of the new kind already.
Item rewrite_image(const Manifest& image, ManifestKind kind, const Descriptor& config,
                   const std::vector<Descriptor>& layers);

/// The same index with these instances, as `kind`.
Item rewrite_index(const Manifest& index, ManifestKind kind,
                   const std::vector<Descriptor>& instances);

/// Why the image cannot become `kind`; "": it can. config: its bytes.
std::string obstacle_to(const Manifest& image, ManifestKind kind, const std::string& config);

}  // namespace sealos
