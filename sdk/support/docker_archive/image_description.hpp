// What a Docker archive says, at its end, of the image whose blobs it has. No I/O.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sealos/sdk/types.hpp"
#include "support/docker_archive/archive_items.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::docker_archive {

/// Which of an index's images is described to engines that know no indexes.
struct Platform {
  std::string os, architecture;
};
/// Of this machine.
Platform this_platform();

/// Collects the manifests of one image, or of an index and its images.
class ImageDescription {
 public:
  /// Returns its digest. Throws SEALOS_CORRUPT where the instance is not the manifest's digest.
  Digest add(const std::optional<Digest>& instance, const Item& manifest);
  /// Whether the top-level manifest is there.
  bool complete() const { return top_.has_value(); }
  const oci_layout::Descriptor& top() const { return *top_; }

  /// The text of the manifest; of an index that of the image for the platform, else of the first
  /// whose manifest is here. Throws SEALOS_UNSUPPORTED where there is none.
  const std::string& described(const Platform& platform) const;

  /// Where in the archive a config or layer is.
  using PathOf = std::function<std::string(const Digest& digest, bool config)>;
  /// The item of manifest.json for a manifest, without names.
  static ArchiveItem item_of(const std::string& manifest, const PathOf& path_of);

  /// Entries of index.json, as Docker and containerd write them: one for each name.
  std::vector<Json> entries(const std::vector<DockerName>& names) const;

 private:
  std::optional<oci_layout::Descriptor> top_;
  std::string top_text_;
  std::map<Digest, Item> instances_;
};

}  // namespace sealos::docker_archive
