// Sends one image to a daemon as a single load.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon_client.hpp"
#include "daemon_name.hpp"
#include "sealos/sdk/destination.hpp"
#include "support/compression/compression.hpp"
#include "support/docker_archive/image_description.hpp"
#include "support/layout_archive/archive_writer.hpp"
#include "upload.hpp"

namespace sealos::docker_daemon {

/// Blobs go out as they come, in an archive that is an OCI layout, too. The members that make an
/// image of them are written by commit, so that an upload that ends before leaves none. Calls come
/// one at a time.
class Destination {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_KEEPS_DOCKER_NAME;

  Destination(sdk::Host host, std::unique_ptr<DaemonClient> client, DaemonName name);

  std::vector<std::string> manifest_types() const;
  std::vector<std::string> layer_compressions() const;
  LayerCompression compression() const { return LayerCompression::preserve; }
  Blob put_blob(const Blob& blob, Stream& from);
  /// Only what this upload has already.
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  std::optional<std::string> commit(const Item& top);
  void abort();

 private:
  bool unpacks(Compression kind) const;
  Blob put_unpacked(const Blob& blob, std::unique_ptr<Stream> plain);
  Digest describe();
  void verify(const Digest& config);

  sdk::Host host_;
  std::unique_ptr<DaemonClient> client_;
  DaemonName name_;
  std::unique_ptr<Upload> upload_;
  ArchiveWriter archive_;
  std::map<Digest, std::string> paths_;  // of layers that are not at their own place
  docker_archive::ImageDescription image_;
};

}  // namespace sealos::docker_daemon
