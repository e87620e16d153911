// Reads one image out of a Docker archive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/source.hpp"
#include "support/docker_archive/docker_image.hpp"
#include "support/oci_layout/layout_source.hpp"
#include "support/tar/tar_file.hpp"

namespace sealos::docker_archive {

/// How an archive is read that is an OCI layout, too.
struct ReadOptions {
  enum class Prefer { agreement, oci, docker };
  Prefer prefer = Prefer::agreement;
  /// What a user can do where the two parts disagree, for the message; "": nothing.
  std::string advice;
};

/// Where the archive has an OCI part that agrees with manifest.json, manifests and blobs are those
/// of that part, so that the original digests survive; else what manifest.json says is used. Safe
/// for concurrent use.
class ImageSource {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  /// name: of the place, for messages about what is asked for later.
  ImageSource(const sdk::Host& host, std::string name, std::shared_ptr<const TarFile> tar,
              const WantedImage& wanted, const ReadOptions& options = {});

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);
  std::vector<Blob> layer_infos(const std::optional<Digest>& instance);

 private:
  void open_oci_alone(const sdk::Host& host, const std::shared_ptr<const TarFile>& tar,
                      const WantedImage& wanted);

  std::string name_;
  std::unique_ptr<oci_layout::LayoutSource> oci_;
  std::unique_ptr<DockerImage> docker_;  // one of the two
};

}  // namespace sealos::docker_archive
