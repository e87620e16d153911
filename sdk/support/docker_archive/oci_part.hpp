// The OCI layout inside a Docker archive, and whether it says the same as manifest.json.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "support/docker_archive/archive_items.hpp"
#include "support/json/json.hpp"
#include "support/layout_archive/archive_blobs.hpp"

namespace sealos::docker_archive {

struct OciPart {
  std::optional<Json> entry;  ///< of index.json; nullopt: there is none, or not for this image
  /// An entry has a name of the item and another content: two readers would see two images.
  bool disagrees = false;
};

/// What the OCI part knows of an item whose configuration has these bytes. wanted: the name that
/// was asked for, if one was.
OciPart find_oci_part(const ArchiveBlobs& blobs, const ArchiveItem& item, const std::string& config,
                      const std::optional<DockerName>& wanted);

}  // namespace sealos::docker_archive
