// An image of a Docker archive, read by manifest.json alone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/compression/compression.hpp"
#include "support/docker_archive/archive_items.hpp"
#include "support/tar/tar_file.hpp"

namespace sealos::docker_archive {

/// The manifest is made up as skopeo does: its layers are the uncompressed ones, under the type of
/// compressed ones. layer_infos says what they are. Safe for concurrent use.
class DockerImage {
 public:
  /// Decompresses layers that are compressed once, to know their size.
  DockerImage(const sdk::Host& host, std::shared_ptr<const TarFile> tar, const ArchiveItem& item);

  Item manifest() const;
  std::unique_ptr<Stream> open_blob(const Digest& digest, std::int64_t size, std::int64_t offset,
                                    std::int64_t length) const;
  std::vector<Blob> layer_infos() const;

 private:
  struct Layer {
    const TarMember* member;
    Compression compression;
    std::int64_t size;  ///< uncompressed
  };
  Layer examine(const sdk::Host& host, const std::string& path) const;

  std::shared_ptr<const TarFile> tar_;
  std::string config_;
  Digest config_digest_;
  std::vector<Digest> diff_ids_;
  std::map<Digest, Layer> layers_;
};

/// The bytes of an item's configuration. Throws where it is not there, or is not what its name
/// says.
std::string read_config(const TarFile& tar, const ArchiveItem& item);

}  // namespace sealos::docker_archive
