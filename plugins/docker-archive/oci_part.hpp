// The OCI layout inside a Docker archive, and whether it says the same as manifest.json.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "archive_items.hpp"
#include "support/json/json.hpp"
#include "support/layout_archive/archive_blobs.hpp"

namespace sealos::docker_archive {

/// The entry of index.json for an item whose configuration has these bytes; nullopt: there is no
/// OCI part, or it does not know this image. wanted: the name that was asked for, if one was.
/// Throws SEALOS_INVALID where an entry has a name of the item and another content, as two readers
/// would then see two images.
std::optional<Json> find_oci_entry(const ArchiveBlobs& blobs, const ArchiveItem& item,
                                   const std::string& config,
                                   const std::optional<DockerName>& wanted);

}  // namespace sealos::docker_archive
