#include "support/docker_archive/oci_part.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/manifest_check.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_archive {
namespace {

using namespace oci_layout;

/// What an item is, to compare manifests with.
struct Expected {
  const ArchiveBlobs& blobs;
  const ArchiveItem& item;
  Digest config;
};

/// Layers under blobs/ are named by their digest; other paths say nothing.
bool same_layers(const Json& manifest, const ArchiveItem& item) {
  const Json* list = manifest.find("layers");
  const Json::Array none;
  const Json::Array& layers = list == nullptr ? none : list->items("layers");
  if (layers.size() != item.layers.size()) return false;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string path = normal_tar_name(item.layers[i]);
    if (!path.starts_with("blobs/")) continue;
    if (path != archive_path_of(Digest::require(layers[i].text_at("digest")))) return false;
  }
  return true;
}

bool is_manifest_of(const Descriptor& descriptor, const Expected& expected) {
  const Json manifest = Json::parse(read_manifest_blob(expected.blobs, descriptor));
  const Json* config = manifest.find("config");
  return config != nullptr && config->text_at("digest") == expected.config.str() &&
         same_layers(manifest, expected.item);
}

/// Whether an entry is this image, or an index that has it. Children may be missing.
bool agrees(const Json& entry, const Expected& expected) {
  const Descriptor descriptor = Descriptor::of(entry);
  if (is_manifest(descriptor.media_type)) return is_manifest_of(descriptor, expected);
  if (!is_index(descriptor.media_type)) return false;
  const Json index = Json::parse(read_manifest_blob(expected.blobs, descriptor));
  const Json* children = index.find("manifests");
  if (children == nullptr) return false;
  for (const Json& child : children->items("manifests")) {
    const Descriptor below = Descriptor::of(child);
    if (is_manifest(below.media_type) && expected.blobs.size(below.digest) &&
        is_manifest_of(below, expected)) {
      return true;
    }
  }
  return false;
}

bool has_name_of(const Json& entry, const ArchiveItem& item,
                 const std::optional<DockerName>& wanted) {
  std::string name = annotation(entry, kContainerdName);
  if (name.empty()) name = annotation(entry, kRefName);
  if (name.empty()) return false;
  try {
    const DockerName parsed = parse_tagged(name);
    return wanted ? parsed == *wanted : item.has_tag(parsed);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

OciPart find_oci_part(const ArchiveBlobs& blobs, const ArchiveItem& item, const std::string& config,
                      const std::optional<DockerName>& wanted) {
  const auto text = archive_text(blobs.tar(), "index.json");
  const auto layout = archive_text(blobs.tar(), "oci-layout");
  if (!text || !layout) return {};
  check_layout_version(*layout);
  const LayoutIndex index = LayoutIndex::parse(*text);
  const Expected expected{blobs, item, digest_of(config)};
  for (const Json& entry : index.entries()) {
    if (!has_name_of(entry, item, wanted)) continue;
    if (agrees(entry, expected)) return {entry, false};
    return {std::nullopt, true};
  }
  for (const Json& entry : index.entries()) {
    const Descriptor descriptor = Descriptor::of(entry);
    const bool known = is_manifest(descriptor.media_type) || is_index(descriptor.media_type);
    if (known && blobs.size(descriptor.digest) && agrees(entry, expected)) return {entry, false};
  }
  return {};
}

}  // namespace sealos::docker_archive
