// Reads one image out of a Docker archive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive_name.hpp"
#include "docker_image.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/source.hpp"
#include "support/oci_layout/layout_source.hpp"
#include "support/tar/tar_file.hpp"

namespace sealos::docker_archive {

/// Where the archive has an OCI part that agrees with manifest.json, manifests and blobs are those
/// of that part, so that the original digests survive; else what manifest.json says is used.
class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Source(const sdk::Host& host, std::shared_ptr<const TarFile> tar, const ArchiveName& name);

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);
  std::vector<Blob> layer_infos(const std::optional<Digest>& instance);

 private:
  void open_oci_alone(const sdk::Host& host, const std::shared_ptr<const TarFile>& tar,
                      const ArchiveName& name);

  std::string name_;  // for messages
  std::unique_ptr<oci_layout::LayoutSource> oci_;
  std::unique_ptr<DockerImage> docker_;  // one of the two
};

}  // namespace sealos::docker_archive
