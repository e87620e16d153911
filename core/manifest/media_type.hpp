// Media types of manifests, configs and layers: what they say, and their counterparts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sealos {

/// The kinds of manifest that are understood.
enum class ManifestKind { oci, oci_index, docker, docker_list, schema1, schema1_signed };

namespace media_type {
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kOciForeignLayer =
    "application/vnd.oci.image.layer.nondistributable.v1.tar";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view kDockerForeignLayer =
    "application/vnd.docker.image.rootfs.foreign.diff.tar";
inline constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+json";
inline constexpr std::string_view kSchema1Signed =
    "application/vnd.docker.distribution.manifest.v1+prettyjws";
}  // namespace media_type

/// nullopt: no type of a manifest.
std::optional<ManifestKind> manifest_kind(std::string_view media_type);
std::string_view media_type_of(ManifestKind kind);
bool is_index(ManifestKind kind);
/// "an OCI manifest", for messages.
std::string_view describe(ManifestKind kind);

/// What the media type of a layer says.
struct LayerType {
  std::string compression;  ///< "", "gzip", "zstd", "xz", "bzip2"
  bool foreign = false;     ///< not to be distributed; may lie at the descriptor's URLs only
  bool operator==(const LayerType&) const = default;
};

/// nullopt: not the type of an image's layer (an artifact's, an encrypted one, ...).
std::optional<LayerType> layer_type(std::string_view media_type);

/// The media type of such a layer in a manifest of that kind; nullopt: it cannot be there (zstd
/// outside OCI, xz and bzip2 anywhere).
std::optional<std::string> layer_media_type(ManifestKind kind, const LayerType& layer);

}  // namespace sealos
