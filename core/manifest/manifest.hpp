// Manifests as values. No I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/manifest/descriptor.hpp"
#include "core/manifest/media_type.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos {

/// What a manifest may have at most; registries refuse more.
inline constexpr size_t kMaxManifestSize = 4 << 20;

/// A manifest or index, exactly as it was read, and what it says. Immutable.
class Manifest {
 public:
  /// label: the media type as the place it came from knows it; "" or a general type ("text/plain")
  /// leaves it to the document. Throws SEALOS_INVALID for what is no manifest, for one whose own
  /// mediaType is another than the label, and for one that could be read as two kinds;
  /// SEALOS_UNSUPPORTED for kinds that are not understood.
  static Manifest parse(Item item);

  ManifestKind kind() const { return kind_; }
  bool is_index() const { return sealos::is_index(kind_); }
  const std::string& bytes() const { return item_.data; }
  /// sha256 of the bytes.
  const Digest& digest() const { return digest_; }
  /// With the media type as its label.
  const Item& item() const { return item_; }
  const Json& json() const { return json_; }

  /// Of an image.
  const Descriptor& config() const { return *config_; }
  const std::vector<Descriptor>& layers() const { return layers_; }
  /// Of an index.
  const std::vector<Descriptor>& instances() const { return instances_; }
  /// Whether the config is an image's, not an artifact's.
  bool is_image() const;

 private:
  Manifest(Item item, Json json, ManifestKind kind, Digest digest)
      : item_(std::move(item)), json_(std::move(json)), kind_(kind), digest_(std::move(digest)) {}
  void read_members();

  Item item_;
  Json json_;
  ManifestKind kind_;
  Digest digest_;
  std::optional<Descriptor> config_;
  std::vector<Descriptor> layers_, instances_;
};

}  // namespace sealos
