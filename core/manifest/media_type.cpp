#include "core/manifest/media_type.hpp"

#include <array>

namespace sealos {
namespace {

struct KindName {
  ManifestKind kind;
  std::string_view media_type, description;
};

constexpr std::array<KindName, 6> kKinds = {{
    {ManifestKind::oci, media_type::kOciManifest, "an OCI manifest"},
    {ManifestKind::oci_index, media_type::kOciIndex, "an OCI index"},
    {ManifestKind::docker, media_type::kDockerManifest, "a docker schema 2 manifest"},
    {ManifestKind::docker_list, media_type::kDockerList, "a docker manifest list"},
    {ManifestKind::schema1, media_type::kSchema1, "a docker schema 1 manifest"},
    {ManifestKind::schema1_signed, media_type::kSchema1Signed, "a signed docker schema 1 manifest"},
}};

struct LayerBase {
  std::string_view base;
  bool oci, foreign;
};

constexpr std::array<LayerBase, 4> kLayers = {{
    {media_type::kOciLayer, true, false},
    {media_type::kOciForeignLayer, true, true},
    {media_type::kDockerLayer, false, false},
    {media_type::kDockerForeignLayer, false, true},
}};

const KindName& entry(ManifestKind kind) { return kKinds[static_cast<size_t>(kind)]; }

}  // namespace

std::optional<ManifestKind> manifest_kind(std::string_view type) {
  for (const KindName& kind : kKinds) {
    if (kind.media_type == type) return kind.kind;
  }
  return std::nullopt;
}

std::string_view media_type_of(ManifestKind kind) { return entry(kind).media_type; }

bool is_index(ManifestKind kind) {
  return kind == ManifestKind::oci_index || kind == ManifestKind::docker_list;
}

std::string_view describe(ManifestKind kind) { return entry(kind).description; }

std::optional<LayerType> layer_type(std::string_view type) {
  for (const LayerBase& layer : kLayers) {
    if (!type.starts_with(layer.base)) continue;
    const std::string_view suffix = type.substr(layer.base.size());
    if (suffix.empty()) return LayerType{"", layer.foreign};
    const char separator = layer.oci ? '+' : '.';
    if (suffix[0] != separator) continue;
    const std::string_view compression = suffix.substr(1);
    // The last two are in no specification; some images have them all the same.
    if (compression == "gzip" || compression == "zstd" || compression == "xz" ||
        compression == "bzip2") {
      return LayerType{std::string(compression), layer.foreign};
    }
  }
  return std::nullopt;
}

std::optional<std::string> layer_media_type(ManifestKind kind, const LayerType& layer) {
  const bool oci = kind == ManifestKind::oci;
  // Schema 1 does not say of what type its layers are; it has those of docker.
  if (is_index(kind)) return std::nullopt;
  const bool zstd = oci && layer.compression == "zstd";
  if (!zstd && layer.compression != "" && layer.compression != "gzip") return std::nullopt;
  for (const LayerBase& base : kLayers) {
    if (base.oci != oci || base.foreign != layer.foreign) continue;
    std::string type(base.base);
    if (!layer.compression.empty()) type += (oci ? "+" : ".") + layer.compression;
    return type;
  }
  return std::nullopt;
}

}  // namespace sealos
