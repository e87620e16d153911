// Docker's image manifest, version 2 schema 1: what it says, and the way to and from the others
// (distribution, docs/spec/manifest-v2-1.md). No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/manifest/media_type.hpp"
#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"
#include "support/json/json.hpp"

namespace sealos {

bool is_schema1(ManifestKind kind);

/// An image as a chain of layers, some of them empty, with the configuration in its history.
struct Schema1 {
  struct Entry {
    Digest blob;
    std::string compatibility;  ///< the JSON of "v1Compatibility"
    bool throwaway = false;     ///< an empty layer, which the other formats leave out
  };
  std::string name, tag, architecture;
  std::vector<Entry> entries;  ///< the base first; never none

  /// Throws SEALOS_INVALID: no layers, as many of them as of history not, links that do not fit.
  static Schema1 parse(const Json& json);
  /// The text that is signed. Its members are in the order of the other tools.
  std::string dump() const;
};

/// The layers that the other formats have; their digests, the base first.
std::vector<Digest> layers_of(const Schema1& image);

/// The config of the same image in the other formats. diff_ids: one for each of layers_of().
std::string config_of(const Schema1& image, const std::vector<Digest>& diff_ids);

/// Why an image with this config and as many layers has no schema 1 form; "": it has one.
std::string obstacle_to_schema1(const std::string& config, size_t layers);

/// Throws SEALOS_UNSUPPORTED where obstacle_to_schema1 says why.
Schema1 schema1_of(const std::string& config, const std::vector<Digest>& layers,
                   const std::string& name, const std::string& tag);

/// With other blobs in place of layers_of(), in their order.
Schema1 with_layers(Schema1 image, const std::vector<Digest>& layers);

/// The manifest, signed if the kind is.
Item schema1_item(const Schema1& image, ManifestKind kind);

/// What stands for every empty layer: a tar of nothing, compressed.
inline constexpr std::string_view kEmptyLayer(
    "\x1f\x8b\x08\x00\x00\x09\x6e\x88\x00\xff\x62\x18\x05\xa3\x60\x14\x8c\x58\x00\x08\x00\x00\xff"
    "\xff\x2e\xaf\xb5\xef\x00\x04\x00\x00",
    32);
inline constexpr std::string_view kEmptyLayerDigest =
    "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4";
bool has_empty_layers(const Schema1& image);

}  // namespace sealos
