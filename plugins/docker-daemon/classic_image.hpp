// One image of an archive that only manifest.json describes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "saved_archive.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker_daemon {

/// An entry of manifest.json, checked.
struct ArchiveItem {
  std::string config_path, config;  ///< and its text
  std::vector<std::string> layer_paths;
  std::vector<Digest> diff_ids;  ///< of the layers, as the config has them

  /// The entry that has the name, or the only one if name is "". Throws SEALOS_NOT_FOUND,
  /// SEALOS_INVALID.
  static ArchiveItem find(const SavedArchive& archive, std::string_view manifest_json,
                          const std::string& full_name);
};

/// Docker has no manifest for it: one of docker schema 2 is made, whose layers are named by their
/// diffIDs. Reading is safe for concurrent use.
class ClassicImage {
 public:
  ClassicImage(std::shared_ptr<const SavedArchive> archive, ArchiveItem item);

  const Item& manifest() const { return manifest_; }
  std::unique_ptr<Stream> open_blob(const Digest& digest, std::int64_t offset,
                                    std::int64_t length) const;

 private:
  struct Layer {
    const TarMember* member;
    bool compressed;
    std::int64_t size;  // of the plain bytes
  };
  Layer look_at(const std::string& path) const;

  std::shared_ptr<const SavedArchive> archive_;
  ArchiveItem item_;
  Digest config_digest_;
  std::map<Digest, Layer> layers_;
  Item manifest_;
};

}  // namespace sealos::docker_daemon
