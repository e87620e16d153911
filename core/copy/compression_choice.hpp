// In which compression layers arrive: what was asked for, what the destination likes, and what that
// means for one layer. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/manifest/descriptor.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos {

struct DestinationTraits;

/// The forms of layers that are written.
enum class LayerForm { plain, gzip, zstd, zstd_chunked };

/// "none", "gzip", "zstd", "zstd:chunked"; throws SEALOS_INVALID for others.
LayerForm layer_form_named(std::string_view name);
std::string_view name_of(LayerForm form);
/// As sealos_blob.compression has it: "", "gzip", "zstd".
std::string_view compression_of(LayerForm form);

/// What was asked for.
struct CompressionWish {
  std::optional<LayerForm> form;  ///< every layer arrives in this one
  /// A layer that the destination has in another form is no substitute. Without: one that it has as
  /// gzip is.
  bool force = true;
  std::optional<int> level;  ///< of what is compressed; not given: the usual one
  bool keep_plain = false;   ///< layers that come without compression stay so
};

/// Throws SEALOS_INVALID for wishes that contradict each other and levels that do not exist.
void check_wish(const CompressionWish& wish);

/// Throws SEALOS_UNSUPPORTED where the destination holds layers in a way that leaves no choice.
void check_wish_for(const CompressionWish& wish, const DestinationTraits& destination);

enum class Recode { none, compress, decompress };

/// What is done to one layer.
struct LayerChoice {
  Recode recode = Recode::none;
  LayerForm form = LayerForm::plain;  ///< of what arrives, if it is recoded
  std::string why = "as it is";
};

/// What a wish means for the layers of a destination.
struct LayerRule {
  std::optional<LayerForm> every = {};  ///< all arrive in this one
  bool packs_plain = false;             ///< without it: those without compression arrive as gzip
  std::string who = {};                 ///< for reasons: "asked for is", "docker takes"
};
LayerRule rule_for(const CompressionWish& wish, const DestinationTraits& destination);

/// compression: "", "gzip", "zstd", "xz", "bzip2"; chunked: it is zstd with a table of contents.
LayerChoice choose_form(const std::string& compression, bool chunked, const LayerRule& rule);

using Annotations = std::vector<std::pair<std::string, std::string>>;

/// Whether a layer's annotations say that it is zstd:chunked.
bool is_chunked(const Annotations& annotations);
/// Those that a layer keeps when its bytes change: what belongs to the bytes goes.
Annotations lasting_annotations(Annotations annotations);

}  // namespace sealos
