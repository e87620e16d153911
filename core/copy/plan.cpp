#include "core/copy/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/manifest/rewrite.hpp"

namespace sealos {
namespace {

bool accepts(const DestinationTraits& destination, ManifestKind kind) {
  const auto& types = destination.manifest_types;
  return types.empty() || std::find(types.begin(), types.end(), media_type_of(kind)) != types.end();
}

/// Source kind, docker schema 2, then what the destination likes best: the order of the peers.
std::vector<ManifestKind> image_kinds(const Manifest& manifest,
                                      const DestinationTraits& destination) {
  std::vector<ManifestKind> kinds;
  const auto add = [&](ManifestKind kind) {
    if (!is_index(kind) && accepts(destination, kind) &&
        std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      kinds.push_back(kind);
    }
  };
  add(manifest.kind());
  if (destination.manifest_types.empty()) return kinds;
  add(ManifestKind::docker);
  for (const std::string& type : destination.manifest_types) {
    if (const auto kind = manifest_kind(type)) add(*kind);
  }
  return kinds;
}

/// Why the image as planned cannot be of that kind; "": it can.
std::string obstacle(const ImagePlan& plan, ManifestKind kind) {
  if (std::string why = obstacle_to(plan.manifest, kind); !why.empty()) return why;
  for (const BlobStep& step : plan.layers) {
    if (!step.layer) continue;
    if (!layer_media_type(kind, {step.compression, step.layer->foreign})) {
      return fmt::format("{} has no layers compressed with {}", describe(kind), step.compression);
    }
  }
  return "";
}

std::string why_frozen(const ImageInput& input, const DestinationTraits& destination) {
  if (destination.required_digest) return "the destination names its digest";
  if (!input.signatures.empty()) return "its signatures would become invalid";
  return input.frozen;
}

void refuse_signatures(const ImageInput& input, const DestinationTraits& destination) {
  if (input.signatures.empty() || destination.stores_signatures) return;
  throw Error(Status::unsupported,
              fmt::format("the image has {} signature(s), which {} cannot store; to drop them use "
                          "--remove-signatures",
                          input.signatures.size(), destination.name));
}

BlobStep plan_layer(const ImageInput& input, size_t index, const std::vector<Digest>& diff_ids,
                    const DestinationTraits& destination, const std::string& frozen) {
  const Descriptor& original = input.manifest.layers()[index];
  BlobStep step{original.to_blob(), original, Recode::none, "",        std::nullopt,
                std::nullopt,       false,    false,        "as it is"};
  step.layer = layer_type(original.media_type);
  if (input.layer_infos) step.from = (*input.layer_infos)[index];
  if (!step.from.digest) throw Error(Status::internal, "the source gave a layer without a digest");
  step.from.layer_index = static_cast<std::int64_t>(index);
  step.compression = step.layer ? step.from.compression.value_or(step.layer->compression) : "";
  step.result = step.from.digest;
  if (step.layer && step.layer->foreign && !original.urls.empty() &&
      (destination.flags & SEALOS_KEEPS_URLS) != 0) {
    step.by_url = true;
    step.why = "stays at its URLs";
    return step;
  }
  if (!step.layer) return step;
  const bool differs = *step.from.digest != original.digest;
  if (!frozen.empty()) {
    step.must_reuse = differs;
    return step;
  }
  if (step.compression.empty() && destination.compression == LayerCompression::compress) {
    step.recode = Recode::gzip;
    step.compression = "gzip";
    step.result.reset();
    step.why = fmt::format("uncompressed, {} takes it as gzip", destination.name);
  } else if (!step.compression.empty() && destination.compression == LayerCompression::decompress) {
    step.recode = Recode::decompress;
    step.why = fmt::format("{}, {} takes it uncompressed", step.compression, destination.name);
    step.compression = "";
    step.result.reset();
    if (diff_ids.size() == input.manifest.layers().size()) step.result = diff_ids[index];
  }
  return step;
}

BlobStep plan_config(const Manifest& manifest) {
  const Descriptor& original = manifest.config();
  BlobStep step{original.to_blob(), original, Recode::none, "",        std::nullopt,
                original.digest,    false,    false,        "as it is"};
  step.from.flags |= SEALOS_BLOB_CONFIG;
  return step;
}

void check_required_digest(const Manifest& manifest, const DestinationTraits& destination) {
  if (!destination.required_digest || manifest.digest() == *destination.required_digest) return;
  throw Error(Status::invalid,
              fmt::format("the source's manifest has digest {}, the destination asks for {}",
                          manifest.digest().str(), destination.required_digest->str()));
}

std::string join_types(const std::vector<std::string>& types) {
  std::string text;
  for (const std::string& type : types) text += (text.empty() ? "" : ", ") + type;
  return text;
}

}  // namespace

std::vector<Digest> diff_ids_of(const std::string& config) {
  std::vector<Digest> ids;
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

ImagePlan plan_image(ImageInput input, const DestinationTraits& destination) {
  refuse_signatures(input, destination);
  if (!input.instance) check_required_digest(input.manifest, destination);
  if (input.layer_infos && input.layer_infos->size() != input.manifest.layers().size()) {
    throw Error(Status::internal, "the source gave another number of layers than its manifest has");
  }
  std::vector<Digest> diff_ids;
  if (input.manifest.is_image()) diff_ids = diff_ids_of(input.config);
  ImagePlan plan{input.instance,
                 input.manifest,
                 input.config,
                 plan_config(input.manifest),
                 {},
                 {},
                 why_frozen(input, destination),
                 input.signatures};
  for (size_t i = 0; i < input.manifest.layers().size(); ++i) {
    plan.layers.push_back(plan_layer(input, i, diff_ids, destination, plan.frozen));
  }
  if (!plan.frozen.empty()) {
    if (!accepts(destination, input.manifest.kind())) {
      throw Error(Status::unsupported,
                  fmt::format("{} does not take {}, and the manifest cannot be converted: {}",
                              destination.name, describe(input.manifest.kind()), plan.frozen));
    }
    plan.kinds = {input.manifest.kind()};
    return plan;
  }
  std::string why;
  for (const ManifestKind kind : image_kinds(input.manifest, destination)) {
    const std::string no = obstacle(plan, kind);
    if (no.empty()) {
      plan.kinds.push_back(kind);
    } else if (why.empty()) {
      why = no;
    }
  }
  if (plan.kinds.empty()) {
    throw Error(Status::unsupported,
                fmt::format("{} takes {}, and {} cannot become that{}{}", destination.name,
                            join_types(destination.manifest_types), describe(input.manifest.kind()),
                            why.empty() ? "" : ": ", why));
  }
  return plan;
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
