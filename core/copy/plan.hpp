// What a copy will do, decided before the first byte. Pure: no I/O, no clock.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/copy/compression_choice.hpp"
#include "core/encryption/encrypted_layers.hpp"
#include "core/encryption/layer_keys.hpp"
#include "core/manifest/manifest.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos {

/// What is known of one image of the source. Every manifest read has been checked against the
/// digest that it was asked for by.
struct ImageInput {
  std::optional<Digest> instance;  ///< nullopt: it is the top level itself
  Manifest manifest;
  std::string config;                            ///< the bytes; checked against the manifest
  std::optional<std::vector<Blob>> layer_infos;  ///< where the layers differ from the manifest's
  std::vector<Item> signatures;                  ///< none if they are to be removed
  std::string frozen = {};  ///< why an index around it keeps it byte for byte; "": none does
  /// Of the encrypted layers that are to be decrypted, by their position.
  std::map<size_t, std::shared_ptr<const encryption::Opened>> opened = {};
  /// The annotations of encrypted layers that get other recipients, by their position.
  std::map<size_t, encryption::Annotations> rekeyed = {};
  size_t base_layers = 0;  ///< the first ones, which are not encrypted
  bool referred = false;   ///< something that travels along refers to it
};

/// What the destination said of itself.
struct DestinationTraits {
  std::string name;                         ///< for messages: "docker"
  std::vector<std::string> manifest_types;  ///< best first; empty: any
  LayerCompression compression = LayerCompression::preserve;
  std::uint32_t flags = 0;
  /// Of signatures that it stores; nullopt: any.
  std::optional<std::vector<std::string>> signature_formats = std::vector<std::string>();
  std::optional<Digest> required_digest = {};  ///< its reference names this digest
  /// What layers may be recoded to; nullopt: anything.
  std::optional<std::vector<std::string>> layer_compressions = {};
  std::string asked_format = {};  ///< manifest_types are those of --format only; "": not
  /// What a schema 1 manifest has to call itself there; "": anything.
  std::string schema1_name = {}, schema1_tag = {};
};

/// Refuses signatures, those of `what`, that the destination does not store.
void check_signatures(const char* what, const std::vector<Item>& signatures,
                      const DestinationTraits& destination);

/// What was asked for, beyond what the destination says of itself.
struct ImageWishes {
  CompressionWish compression;
  bool preserve_digests = false;
  const encryption::EncryptedLayers* encrypt = nullptr;  ///< nullptr: nothing is encrypted
  bool exact = false;  ///< what is read is signed: no blob stands in for it
};

/// One blob's way.
struct BlobStep {
  Blob from;            ///< as it is read; has digest, and layer_index or SEALOS_BLOB_CONFIG
  Descriptor original;  ///< as the source's manifest says
  Recode recode = Recode::none;
  std::string compression = {};         ///< of what arrives: "", "gzip", "zstd", ...
  bool chunked = false;                 ///< what arrives is zstd:chunked
  std::optional<int> level = {};        ///< if it is compressed
  bool any_form = false;                ///< gzip that is there already will do as well
  bool original_serves = false;         ///< so will the layer as the source's manifest has it
  std::optional<LayerType> layer = {};  ///< nullopt: not a layer whose type can be rewritten
  std::optional<Digest> result = {};    ///< of what arrives; nullopt: known when it has
  std::optional<Digest> plain = {};     ///< of the layer without compression, as the config says
  std::shared_ptr<const encryption::Opened> opened = {};  ///< not null: it is decrypted
  bool encrypt = false;                                   ///< what arrives is encrypted
  std::optional<encryption::Annotations> rekeyed = {};    ///< the layer's, with other recipients
  bool find_plain = false;       ///< `plain` is wanted and not known: it is found on the way
  LayerRule rule = {};           ///< decides anew where the bytes are not what their type says
  std::string frozen = {};       ///< why they must stay even then; "": they need not
  bool by_url = false;           ///< stays at its URLs: neither read nor written
  bool must_reuse = false;       ///< cannot be read in the form that the manifest has to keep
  std::string why = "as it is";  ///< or "uncompressed, docker takes gzip", ...
};

/// Whether other bytes arrive than are read.
inline bool changes_bytes(const BlobStep& step) {
  return step.recode != Recode::none || step.opened != nullptr || step.encrypt;
}

/// The step for a layer whose bytes, without encryption, are found to be compressed like that. It
/// is another one where their media type says something else. Throws SEALOS_UNSUPPORTED where they
/// would have to change and must not.
BlobStep as_found(BlobStep step, const std::string& compression);

inline std::string variant_key(const Digest& name, LayerForm form) {
  return name.str() + "+" + std::string(name_of(form));
}

/// One image's way.
struct ImagePlan {
  std::optional<Digest> instance;
  Manifest manifest;
  std::string config_bytes;
  std::optional<BlobStep> config;  ///< schema 1 has none
  std::vector<BlobStep> layers;
  std::vector<ManifestKind> kinds;  ///< to try in this order
  std::string frozen;               ///< why the manifest must stay byte for byte; "": it may change
  std::vector<Item> signatures;
  std::string schema1_name, schema1_tag;  ///< as in DestinationTraits

  /// It is copied once more, in this form, beside the image itself.
  std::optional<LayerForm> variant = {};

  /// As an index lists it.
  Digest name() const { return instance.value_or(manifest.digest()); }
  /// The name, and for a variant which one.
  std::string key() const { return variant ? variant_key(name(), *variant) : name().str(); }
};

/// Throws an Error that says which wish cannot be met, and why.
ImagePlan plan_image(ImageInput input, const DestinationTraits& destination,
                     const ImageWishes& wishes = {});

/// Throws SEALOS_UNSUPPORTED where a level was asked for and nothing is compressed.
void check_level_used(const CompressionWish& wish, const std::vector<ImagePlan>& plans);

/// The kinds to try for an index, best first; throws SEALOS_UNSUPPORTED where the destination
/// holds no index.
std::vector<ManifestKind> plan_index(const Manifest& index, const DestinationTraits& destination);

/// Whether a schema 1 manifest calls itself otherwise than it has to at the destination.
bool is_renamed(const Manifest& manifest, const std::string& name, const std::string& tag);

/// The config's rootfs.diff_ids; empty where it is no image's config.
std::vector<Digest> diff_ids_of(const std::string& config);

}  // namespace sealos
