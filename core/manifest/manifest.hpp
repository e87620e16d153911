// Manifests as values. No I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/manifest/descriptor.hpp"
#include "core/manifest/media_type.hpp"
#include "core/manifest/schema1.hpp"
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
  /// SEALOS_UNSUPPORTED for kinds that are not understood; SEALOS_CORRUPT for wrong signatures.
  static Manifest parse(Item item);

  ManifestKind kind() const { return kind_; }
  bool is_index() const { return sealos::is_index(kind_); }
  const std::string& bytes() const { return item_.data; }
  /// What its digest is of: the bytes, but for a signed schema 1 manifest those that were signed.
  const std::string& named_bytes() const { return payload_.empty() ? item_.data : payload_; }
  /// sha256 of the named bytes.
  const Digest& digest() const { return digest_; }
  /// With the media type as its label.
  const Item& item() const { return item_; }
  const Json& json() const { return json_; }

  /// Of an image. Schema 1 has no config of its own, and says of layers only their digests: their
  /// size is -1, and that they are gzip is assumed.
  bool has_config() const { return config_.has_value(); }
  const Descriptor& config() const { return *config_; }
  const std::vector<Descriptor>& layers() const { return layers_; }
  /// nullptr: it is of another kind.
  const Schema1* schema1() const { return schema1_ ? &*schema1_ : nullptr; }
  /// Of an index.
  const std::vector<Descriptor>& instances() const { return instances_; }
  /// Whether the config is an image's, not an artifact's.
  bool is_image() const;

 private:
  Manifest(Item item, std::string payload, Json json, ManifestKind kind);
  void read_members();
  void read_schema1();

  Item item_;
  std::string payload_;
  Json json_;
  ManifestKind kind_;
  Digest digest_;
  std::optional<Descriptor> config_;
  std::optional<Schema1> schema1_;
  std::vector<Descriptor> layers_, instances_;
};

}  // namespace sealos
