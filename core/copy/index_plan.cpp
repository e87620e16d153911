#include "core/copy/index_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/copy/referrers.hpp"

namespace sealos {
namespace {

const std::string kAround = "the index around it must not change: ";

/// Why the index itself must stay as it is, whatever is around it.
std::string own_reason(const IndexInput& index, const DestinationTraits& destination, bool sparse,
                       bool preserve_digests) {
  if (preserve_digests) return "--preserve-digests";
  if (!index.instance && destination.required_digest) return "the destination names its digest";
  if (!index.signatures.empty())
    return "its signatures would become invalid (--remove-signatures drops them)";
  if (index.referred) return kReferred;
  return sparse ? "a sparse copy keeps it as it is" : "";
}

IndexPlan plan_one(IndexInput input, const DestinationTraits& destination, bool sparse,
                   std::string frozen) {
  check_signatures("index", input.signatures, destination);
  DestinationTraits here = destination;
  if (input.instance) here.required_digest.reset();
  const ManifestKind kind = input.manifest.kind();
  if (!frozen.empty() && input.left_out > 0 && !sparse) {
    throw Error(Status::invalid,
                fmt::format("the index cannot lose the other platforms: {}", frozen));
  }
  std::vector<ManifestKind> kinds = plan_index(input.manifest, here);
  if (!frozen.empty()) {
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      throw Error(Status::unsupported,
                  fmt::format("{} does not take {}, and the index cannot be converted: {}",
                              destination.name, describe(kind), frozen));
    }
    kinds = {kind};
  }
  return {std::move(input), std::move(kinds), sparse, std::move(frozen)};
}

/// Whether it is an image with layers; an attestation has none.
bool has_layers(const ImagePlan& plan) {
  return !plan.layers.empty() &&
         std::all_of(plan.layers.begin(), plan.layers.end(),
                     [](const BlobStep& step) { return step.layer.has_value(); });
}

bool is_in(const ImagePlan& plan, LayerForm form) {
  return std::all_of(plan.layers.begin(), plan.layers.end(), [&](const BlobStep& step) {
    return step.compression == compression_of(form) &&
           (form != LayerForm::zstd_chunked || step.chunked);
  });
}

/// The platform that an index gives an image; "": none does.
std::string platform_in(const std::vector<IndexPlan>& indexes, const Digest& name) {
  for (const IndexPlan& index : indexes) {
    for (const Descriptor& entry : index.input.manifest.instances()) {
      if (entry.digest == name && entry.platform) return entry.platform->str();
    }
  }
  return "";
}

/// Whether the image has that form, or another one for its platform does.
bool is_there(const std::vector<ImagePlan>& images, const std::vector<IndexPlan>& indexes,
              const Digest& name, LayerForm form) {
  const std::string platform = platform_in(indexes, name);
  return std::any_of(images.begin(), images.end(), [&](const ImagePlan& image) {
    const bool same = image.name() == name ||
                      (!platform.empty() && platform_in(indexes, image.name()) == platform);
    return same && is_in(image, form);
  });
}

}  // namespace

std::vector<IndexPlan> plan_indexes(Selection& selection, const DestinationTraits& destination,
                                    bool sparse, bool preserve_digests) {
  std::map<std::string, std::string> frozen;  // the outermost reason, by digest of what is inside
  std::vector<IndexPlan> plans;
  // The outer ones first: they decide on what is in them.
  for (auto at = selection.indexes.rbegin(); at != selection.indexes.rend(); ++at) {
    const auto above = at->instance ? frozen.find(at->instance->str()) : frozen.end();
    const bool inside = above != frozen.end();
    const std::string why =
        inside ? above->second : own_reason(*at, destination, sparse, preserve_digests);
    if (!why.empty()) {
      for (const Descriptor& entry : at->manifest.instances()) frozen[entry.digest.str()] = why;
    }
    plans.push_back(plan_one(std::move(*at), destination, sparse, inside ? kAround + why : why));
  }
  std::reverse(plans.begin(), plans.end());
  for (ImageInput& image : selection.images) {
    const auto above = image.instance ? frozen.find(image.instance->str()) : frozen.end();
    if (above != frozen.end()) image.frozen = kAround + above->second;
  }
  return plans;
}

std::vector<ImagePlan> plan_variants(const std::vector<ImageInput>& inputs,
                                     const std::vector<ImagePlan>& images,
                                     const std::vector<IndexPlan>& indexes,
                                     const std::vector<LayerForm>& forms,
                                     const DestinationTraits& destination) {
  std::vector<ImagePlan> out;
  if (forms.empty()) return out;
  if (indexes.empty()) refuse_to_add();
  for (const IndexPlan& index : indexes) {
    if (index.frozen.empty()) continue;
    throw Error(Status::unsupported,
                fmt::format("--add-compression would change the index, which must not change: {}",
                            index.frozen));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (const LayerForm form : forms) {
      if (!has_layers(images[i]) || is_there(images, indexes, images[i].name(), form)) continue;
      ImageWishes wishes;
      wishes.compression.form = form;
      ImageInput input = inputs[i];
      input.signatures.clear();  // they are for the image itself
      ImagePlan plan = plan_image(std::move(input), destination, wishes);
      plan.variant = form;
      out.push_back(std::move(plan));
    }
  }
  return out;
}

void fit_kinds(std::vector<IndexPlan>& indexes, const std::vector<ImagePlan>& images) {
  std::set<std::string> oci_only;
  for (const ImagePlan& image : images) {
    if (image.kinds.front() == ManifestKind::oci) oci_only.insert(image.name().str());
  }
  for (IndexPlan& index : indexes) {
    if (!index.frozen.empty() || index.kinds.size() < 2) continue;
    const auto& entries = index.input.manifest.instances();
    const bool mixed = std::any_of(entries.begin(), entries.end(), [&](const Descriptor& entry) {
      return entry.media_type != media_type::kOciManifest && oci_only.contains(entry.digest.str());
    });
    if (mixed) std::erase(index.kinds, ManifestKind::docker_list);
  }
}

void refuse_to_add() {
  throw Error(Status::unsupported,
              "--add-compression lists images beside one another in an index, and one image "
              "without an index is to be copied; --all copies an index");
}

void require_index_holder(const DestinationTraits& destination) {
  const auto& types = destination.manifest_types;
  const bool holds = types.empty() || std::any_of(types.begin(), types.end(), [](const auto& type) {
                       const auto kind = manifest_kind(type);
                       return kind && is_index(*kind);
                     });
  if (holds) return;
  throw Error(Status::unsupported,
              fmt::format("{} holds one image and no index; name one platform, or choose another "
                          "destination",
                          destination.name));
}

}  // namespace sealos
