// What the archive of docker load says of the blobs in it. No I/O.
#pragma once

#include <map>
#include <string>

#include "sealos/sdk/types.hpp"

namespace sealos::docker_daemon {

/// Which of an index's images a daemon runs.
struct Platform {
  std::string os, architecture;
};

/// What the archive says of the blobs in it.
struct ArchiveIndex {
  std::string index_json;     ///< "": the archive is no OCI layout
  std::string manifest_json;  ///< for all versions of docker
  std::string config_digest;  ///< of the image that manifest_json describes
};

/// top and children: texts of manifests by digest. paths: where a layer's bytes are if not at
/// blobs/sha256/<hex>; then the archive is no OCI layout. Throws SEALOS_INVALID, SEALOS_NOT_FOUND
/// where an index has no image.
ArchiveIndex make_archive_index(const Item& top, const std::map<Digest, Item>& children,
                                const std::map<Digest, std::string>& paths,
                                const std::string& full_name, const std::string& tag,
                                const Platform& platform);

std::string blob_path(const Digest& digest);

}  // namespace sealos::docker_daemon
