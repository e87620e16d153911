// What an archive that images are added to holds already.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "support/docker_archive/archive_items.hpp"
#include "support/layout_archive/archive_output.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::docker_archive {

class FormerArchive {
 public:
  /// Throws where it is no Docker archive.
  FormerArchive(const sdk::Host& host, const std::string& path);

  const std::shared_ptr<const ArchiveBlobs>& blobs() const { return blobs_; }

  /// Takes these names from the images that have them. An image that has none left is dropped,
  /// unless it had none before, or its configuration is the one that is `kept`.
  void take_names(const std::vector<DockerName>& names, const std::string& kept);

  std::vector<ArchiveItem>& items() { return items_; }
  oci_layout::LayoutIndex& index() { return index_; }

  /// Writes the members that the remaining images need.
  void carry_over(ArchiveOutput& output) const;

 private:
  std::shared_ptr<const ArchiveBlobs> blobs_;
  std::vector<ArchiveItem> items_;
  oci_layout::LayoutIndex index_;  // empty where there is no OCI part
};

}  // namespace sealos::docker_archive
