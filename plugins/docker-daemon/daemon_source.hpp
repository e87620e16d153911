// Reads one image out of a daemon.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "classic_image.hpp"
#include "daemon_client.hpp"
#include "daemon_name.hpp"
#include "saved_archive.hpp"
#include "sealos/sdk/source.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos::docker_daemon {

/// Where the archive is an OCI layout, too, manifests and compressed layers are those that the
/// daemon has; else the manifest is made up, and layers are plain.
class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  /// Fetches the image into a temporary file.
  static std::unique_ptr<Source> open(sdk::Host host, DaemonClient& client, const DaemonName& name);
  /// name: for messages.
  Source(std::string name, std::shared_ptr<const SavedArchive> archive, const DaemonName& wanted);

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);

 private:
  std::string name_;
  std::unique_ptr<ClassicImage> classic_;
  std::unique_ptr<oci_layout::LayoutSource> layout_;
};

}  // namespace sealos::docker_daemon
