// The file manifest.json of a Docker archive as values. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/docker_name/docker_name.hpp"
#include "support/json/json.hpp"

namespace sealos::docker_archive {

/// The most that is read of manifest.json, and of a configuration.
inline constexpr size_t kMaxText = 4 << 20;

/// Which image of an archive is meant; neither: the only one.
struct WantedImage {
  std::optional<DockerName> name;  ///< with a tag, without a digest
  std::optional<size_t> position;  ///< in manifest.json, from 0
};

/// A docker reference with a tag, "latest" if it has none; throws SEALOS_INVALID for a digest.
DockerName parse_tagged(std::string_view text);

/// One image. Paths are those of members of the archive.
struct ArchiveItem {
  std::string config;
  std::vector<std::string> tags;  ///< as written: "foo:1" or "docker.io/library/foo:1"
  std::vector<std::string> layers;

  Json json() const;
  bool has_tag(const DockerName& name) const;
};

/// Throws SEALOS_INVALID for what is no manifest.json.
std::vector<ArchiveItem> parse_items(std::string_view text);

/// The position of the one that is meant; throws SEALOS_NOT_FOUND or, where more than one could be
/// meant, SEALOS_INVALID, and lists what there is.
size_t select_item(const std::vector<ArchiveItem>& items, const WantedImage& wanted);

/// The digests of the layers, uncompressed, in a configuration. Throws where it has none.
std::vector<Digest> diff_ids_of(std::string_view config);

}  // namespace sealos::docker_archive
