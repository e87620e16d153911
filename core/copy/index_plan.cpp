#include "core/copy/index_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sealos {
namespace {

const std::string kAround = "the index around it must not change: ";

/// Why the index itself must stay as it is, whatever is around it.
std::string own_reason(const IndexInput& index, const DestinationTraits& destination, bool sparse,
                       bool preserve_digests) {
  if (preserve_digests) return "--preserve-digests";
  if (!index.instance && destination.required_digest) return "the destination names its digest";
  if (!index.signatures.empty()) return "its signatures would become invalid";
  return sparse ? "a sparse copy keeps it as it is" : "";
}

void check_signatures(const IndexInput& index, const DestinationTraits& destination) {
  if (index.signatures.empty() || destination.stores_signatures) return;
  throw Error(Status::unsupported,
              fmt::format("the index has {} signature(s), which {} cannot store; to drop them use "
                          "--remove-signatures",
                          index.signatures.size(), destination.name));
}

IndexPlan plan_one(IndexInput input, const DestinationTraits& destination, bool sparse,
                   std::string frozen) {
  check_signatures(input, destination);
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
