#include "core/copy/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/copy/format_choice.hpp"
#include "core/copy/referrers.hpp"
#include "core/manifest/rewrite.hpp"

namespace sealos {
namespace {

/// Whether the layer stands in a manifest of that kind as it stands in the source's.
bool stays(const ImagePlan& plan, const BlobStep& step, ManifestKind kind) {
  return kind == plan.manifest.kind() && !changes_bytes(step) &&
         step.from.digest == step.original.digest;
}

/// Why the image as planned cannot be of that kind; "": it can.
std::string obstacle(const ImagePlan& plan, ManifestKind kind) {
  if (std::string why = obstacle_to(plan.manifest, kind, plan.config_bytes); !why.empty()) {
    return why;
  }
  for (const BlobStep& step : plan.layers) {
    if (!step.layer || stays(plan, step, kind)) continue;
    if (step.encrypt && kind != ManifestKind::oci)
      return fmt::format("{} has no encrypted layers", describe(kind));
    if (is_schema1(kind) && step.by_url) return "schema 1 has no layers that stay at their URLs";
    if (!layer_media_type(kind, {step.compression, step.layer->foreign})) {
      return fmt::format("{} has no layers compressed with {}", describe(kind), step.compression);
    }
  }
  return "";
}

/// Of several reasons the last is told, as the peers do.
std::string why_frozen(const ImageInput& input, const DestinationTraits& destination,
                       const ImageWishes& wishes) {
  if (wishes.preserve_digests) return "--preserve-digests";
  if (destination.required_digest) return "the destination names its digest";
  if (!input.signatures.empty())
    return "its signatures would become invalid (--remove-signatures drops them)";
  return input.referred ? kReferred : input.frozen;
}

/// A layer of a frozen manifest stays as it is, or the copy is not begun.
void refuse_recoding(const BlobStep& step, const LayerChoice& choice) {
  if (choice.recode == Recode::none || !step.rule.every) return;
  throw Error(Status::unsupported,
              fmt::format("layer {} would have to change ({}), and the manifest must not: {}",
                          step.original.digest.brief(), choice.why, step.frozen));
}

/// A layer without a type that is known: an artifact's, or an encrypted one.
void refuse_opaque(const BlobStep& step, const DestinationTraits& destination,
                   const ImageWishes& wishes) {
  if (!encryption::is_encrypted(step.original.media_type)) return;
  if ((destination.flags & SEALOS_KEEPS_LAYERS) == 0) {
    throw Error(Status::unsupported,
                fmt::format("layer {} is encrypted, and {} has to look into layers; it takes "
                            "--decryption-key to open it",
                            step.original.digest.brief(), destination.name));
  }
  if (!wishes.compression.form) return;
  throw Error(Status::unsupported,
              fmt::format("layer {} is encrypted, so that its compression cannot be changed to {}",
                          step.original.digest.brief(), name_of(*wishes.compression.form)));
}

/// The media type that the layer has without encryption.
std::string_view plain_type(const BlobStep& step) {
  std::string_view type = step.original.media_type;
  if (step.opened) type.remove_suffix(encryption::kEncryptedSuffix.size());
  return type;
}

void plan_encryption(BlobStep& step, const DestinationTraits& destination) {
  if (step.by_url) {
    throw Error(Status::unsupported,
                fmt::format("layer {} stays at its URLs, so that it cannot be encrypted",
                            step.original.digest.brief()));
  }
  if ((destination.flags & SEALOS_KEEPS_LAYERS) == 0) {
    throw Error(Status::unsupported, fmt::format("{} has to look into layers, so that they cannot "
                                                 "be encrypted there",
                                                 destination.name));
  }
  step.encrypt = true;
  step.any_form = step.original_serves = step.chunked = false;
  step.result.reset();
  step.why = step.recode == Recode::none ? "it is encrypted" : step.why + ", and is encrypted";
}

/// The bytes stay; what the manifest says of them does not.
void plan_rekeying(const ImageInput& input, size_t index, const std::string& frozen,
                   BlobStep& step) {
  const auto at = input.rekeyed.find(index);
  if (at == input.rekeyed.end()) return;
  if (!frozen.empty())
    throw Error(Status::unsupported,
                fmt::format("the recipients of layer {} would change, and the manifest must not: "
                            "{}",
                            step.original.digest.brief(), frozen));
  step.rekeyed = at->second;
}

/// What decryption and encryption would change must not be frozen.
void refuse_frozen(const BlobStep& step, bool encrypt, const std::string& frozen) {
  if (frozen.empty() || (step.opened == nullptr && !encrypt)) return;
  throw Error(
      Status::unsupported,
      fmt::format("layer {} would be {}, and the manifest must not change: {}",
                  step.original.digest.brief(), encrypt ? "encrypted" : "decrypted", frozen));
}

void apply(const LayerChoice& choice, BlobStep& step) {
  if (choice.recode == Recode::none) return;
  step.recode = choice.recode;
  step.compression = compression_of(choice.form);
  step.chunked = choice.form == LayerForm::zstd_chunked;
  step.why = choice.why;
  step.result.reset();
  if (choice.recode == Recode::decompress) step.result = step.plain;
}

/// Whether the layer in the form that the manifest names is as good as in the planned one, where
/// the source holds another.
bool original_serves(const BlobStep& step, const DestinationTraits& destination,
                     const CompressionWish& wish) {
  if (wish.keep_plain) return step.layer->compression.empty();
  const bool chunked = is_chunked(step.original.annotations);
  const LayerChoice choice =
      choose_form(step.layer->compression, chunked, rule_for(wish, destination));
  return choice.recode == Recode::none || (step.any_form && step.layer->compression == "gzip");
}

BlobStep plan_layer(const ImageInput& input, size_t index, const std::vector<Digest>& diff_ids,
                    const DestinationTraits& destination, const ImageWishes& wishes, bool encrypt,
                    const std::string& frozen) {
  const Descriptor& original = input.manifest.layers()[index];
  BlobStep step{.from = input.layer_infos ? (*input.layer_infos)[index] : original.to_blob(),
                .original = original};
  if (const auto opened = input.opened.find(index); opened != input.opened.end())
    step.opened = opened->second;
  step.layer = layer_type(plain_type(step));
  encrypt = encrypt && step.layer;  // what is encrypted already stays as it is
  refuse_frozen(step, encrypt, frozen);
  if (!step.from.digest) throw Error(Status::internal, "the source gave a layer without a digest");
  step.from.layer_index = static_cast<std::int64_t>(index);
  step.compression = step.layer ? step.from.compression.value_or(step.layer->compression) : "";
  if (!step.opened) step.result = step.from.digest;
  if (step.opened) step.why = "it is decrypted";
  if (step.layer && step.layer->foreign && !original.urls.empty() &&
      (destination.flags & SEALOS_KEEPS_URLS) != 0) {
    step.by_url = true;
    step.why = "stays at its URLs";
    if (encrypt) plan_encryption(step, destination);
    return step;
  }
  plan_rekeying(input, index, frozen, step);
  if (!step.layer) {
    refuse_opaque(step, destination, wishes);
    return step;
  }
  if (diff_ids.size() == input.manifest.layers().size()) step.plain = diff_ids[index];
  const bool differs = *step.from.digest != original.digest;
  step.chunked = !differs && step.compression == "zstd" && is_chunked(original.annotations);
  step.rule = rule_for(wishes.compression, destination);
  step.frozen = frozen;
  step.level = wishes.compression.level;
  const LayerChoice choice = choose_form(step.compression, step.chunked, step.rule);
  if (frozen.empty()) {
    apply(choice, step);
    step.any_form =
        wishes.compression.form && !wishes.compression.force && choice.recode == Recode::compress;
    step.original_serves =
        differs && !wishes.exact && original_serves(step, destination, wishes.compression);
  } else if (differs) {
    step.must_reuse = step.original_serves = true;
    step.why = "the manifest must not change: " + frozen;
  } else {
    refuse_recoding(step, choice);
  }
  if (encrypt) plan_encryption(step, destination);
  return step;
}

BlobStep plan_config(const Manifest& manifest) {
  const Descriptor& original = manifest.config();
  BlobStep step{.from = original.to_blob(), .original = original, .result = original.digest};
  step.from.flags |= SEALOS_BLOB_CONFIG;
  return step;
}

void check_required_digest(const Manifest& manifest, const DestinationTraits& destination) {
  if (!destination.required_digest || manifest.digest() == *destination.required_digest) return;
  throw Error(Status::invalid,
              fmt::format("the source's manifest has digest {}, the destination asks for {}",
                          manifest.digest().str(), destination.required_digest->str()));
}

/// The kinds that the image as planned can have, in the order in which they are tried.
void choose_kinds(ImagePlan& plan, const DestinationTraits& destination) {
  const ManifestKind source = plan.manifest.kind();
  if (!plan.frozen.empty()) {
    if (!accepts(destination, source)) {
      throw Error(Status::unsupported,
                  fmt::format("{}, and {} must not be converted: {}", what_is_taken(destination),
                              describe(source), plan.frozen));
    }
    plan.kinds = {source};
    return;
  }
  std::string why;
  for (const ManifestKind kind : image_kinds(source, destination)) {
    const std::string no = obstacle(plan, kind);
    if (no.empty()) {
      plan.kinds.push_back(kind);
    } else if (why.empty()) {
      why = no;
    }
  }
  if (!plan.kinds.empty()) return;
  throw Error(Status::unsupported,
              fmt::format("{}, and {} cannot become that{}{}", what_is_taken(destination),
                          describe(source), why.empty() ? "" : ": ", why));
}

/// What schema 1 leaves to whoever converts it: the digests of its layers without compression.
void plan_schema1(ImagePlan& plan) {
  if (plan.manifest.schema1() == nullptr) return;
  const bool converted = std::any_of(plan.kinds.begin(), plan.kinds.end(),
                                     [](ManifestKind kind) { return !is_schema1(kind); });
  for (BlobStep& step : plan.layers) step.find_plain = converted;
  if (plan.frozen.empty() || !is_renamed(plan.manifest, plan.schema1_name, plan.schema1_tag)) {
    return;
  }
  throw Error(
      Status::unsupported,
      fmt::format("the schema 1 manifest says that it is {}:{}, which would have to change "
                  "to {}:{}, and it must not: {}",
                  printable(plan.manifest.schema1()->name), printable(plan.manifest.schema1()->tag),
                  plan.schema1_name, plan.schema1_tag, plan.frozen));
}

}  // namespace

BlobStep as_found(BlobStep step, const std::string& compression) {
  const std::string said = step.from.compression.value_or(step.layer->compression);
  // A layer that is its own diffID is plain, whatever file it may be.
  if (compression == said || (said.empty() && step.plain == step.from.digest)) return step;
  LayerChoice choice = choose_form(compression, false, step.rule);
  if (!step.frozen.empty()) {
    refuse_recoding(step, choice);
    choice = {};
  }
  step.from.compression = step.compression = compression;
  step.recode = Recode::none;
  step.chunked = false;
  step.result = step.opened ? std::nullopt : step.from.digest;
  step.why = "as it is";
  apply(choice, step);
  step.why += fmt::format("; its type says {}", said.empty() ? "uncompressed" : said);
  if (step.encrypt) {
    step.result.reset();
    step.why += ", and is encrypted";
  }
  return step;
}

bool is_renamed(const Manifest& manifest, const std::string& name, const std::string& tag) {
  const Schema1* image = manifest.schema1();
  return image != nullptr && !name.empty() &&
         (image->name != name || (!tag.empty() && image->tag != tag));
}

std::vector<Digest> diff_ids_of(const std::string& config) {
  std::vector<Digest> ids;
  if (config.empty()) return ids;
  try {
    const Json json = Json::parse(config);
    const Json* rootfs = json.find("rootfs");
    const Json* list = rootfs == nullptr ? nullptr : rootfs->find("diff_ids");
    if (list == nullptr) return ids;
    for (const Json& id : list->items("diff_ids"))
      ids.push_back(Digest::require(id.string("diff_ids")));
  } catch (Error& e) {
    throw e.add_context("image config");
  }
  return ids;
}

void check_signatures(const char* what, const std::vector<Item>& signatures,
                      const DestinationTraits& destination) {
  if (!destination.signature_formats) return;
  const auto& formats = *destination.signature_formats;
  const auto lost = std::count_if(signatures.begin(), signatures.end(), [&](const Item& one) {
    return std::find(formats.begin(), formats.end(), one.label) == formats.end();
  });
  if (lost == 0) return;
  throw Error(Status::unsupported,
              fmt::format("the {} has {} signature(s), which {} cannot store; to drop them use "
                          "--remove-signatures",
                          what, lost, destination.name));
}

ImagePlan plan_image(ImageInput input, const DestinationTraits& destination,
                     const ImageWishes& wishes) {
  check_wish_for(wishes.compression, destination);
  check_signatures("image", input.signatures, destination);
  if (!input.instance) check_required_digest(input.manifest, destination);
  if (input.layer_infos && input.layer_infos->size() != input.manifest.layers().size()) {
    throw Error(Status::internal, "the source gave another number of layers than its manifest has");
  }
  std::vector<Digest> diff_ids;
  if (input.manifest.is_image()) diff_ids = diff_ids_of(input.config);
  ImagePlan plan{input.instance,
                 input.manifest,
                 input.config,
                 std::nullopt,
                 {},
                 {},
                 why_frozen(input, destination, wishes),
                 input.signatures,
                 destination.schema1_name,
                 destination.schema1_tag};
  if (input.manifest.has_config()) plan.config = plan_config(input.manifest);
  const size_t count = input.manifest.layers().size();
  const std::vector<bool> encrypt =
      wishes.encrypt != nullptr ? wishes.encrypt->among(count) : std::vector<bool>(count, false);
  for (size_t i = 0; i < count; ++i) {
    const bool own = encrypt[i] && i >= input.base_layers;
    plan.layers.push_back(plan_layer(input, i, diff_ids, destination, wishes, own, plan.frozen));
  }
  choose_kinds(plan, destination);
  plan_schema1(plan);
  return plan;
}

void check_level_used(const CompressionWish& wish, const std::vector<ImagePlan>& plans) {
  if (!wish.level) return;
  for (const ImagePlan& plan : plans) {
    for (const BlobStep& step : plan.layers) {
      if (step.recode == Recode::compress) return;
    }
  }
  throw Error(Status::unsupported,
              "--compression-level has no use here: no layer would be compressed");
}

std::vector<ManifestKind> plan_index(const Manifest& index, const DestinationTraits& destination) {
  std::vector<ManifestKind> kinds;
  check_required_digest(index, destination);
  if (accepts(destination, index.kind())) kinds.push_back(index.kind());
  const ManifestKind other =
      index.kind() == ManifestKind::oci_index ? ManifestKind::docker_list : ManifestKind::oci_index;
  if (!destination.manifest_types.empty() && !destination.required_digest &&
      accepts(destination, other)) {
    kinds.push_back(other);
  }
  if (kinds.empty()) {
    throw Error(Status::unsupported,
                fmt::format("{} holds one image and no index; leave --all away, or choose another "
                            "destination",
                            destination.name));
  }
  return kinds;
}

}  // namespace sealos
