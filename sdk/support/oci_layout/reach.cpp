#include "support/oci_layout/reach.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "support/oci_layout/media_types.hpp"

namespace sealos::oci_layout {
namespace {

constexpr size_t kMostManifests = 100000;

void add_blobs(const Json& manifest, std::set<Digest>& reached) {
  if (const Json* config = manifest.find("config"))
    reached.insert(Digest::require(config->text_at("digest")));
  for (const char* list : {"layers", "blobs"}) {
    const Json* items = manifest.find(list);
    if (items == nullptr) continue;
    for (const Json& item : items->items(list))
      reached.insert(Digest::require(item.text_at("digest")));
  }
}

/// null where it is missing, as the children of an index may be.
Json read_if_there(const BlobFiles& blobs, const Descriptor& descriptor) {
  try {
    return Json::parse(read_manifest_blob(blobs, descriptor));
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
    return {};
  }
}

}  // namespace

std::set<Digest> reachable_blobs(const LayoutIndex& index, const BlobFiles& blobs) {
  std::set<Digest> reached;
  std::vector<Descriptor> todo;
  const auto add = [&](const Json& json) {
    const Descriptor descriptor = Descriptor::of(json);
    if (!is_index(descriptor.media_type) && !is_manifest(descriptor.media_type)) {
      throw Error(Status::unsupported,
                  fmt::format("{} has the type \"{}\", and it is not known which blobs it needs",
                              descriptor.digest.brief(), printable(descriptor.media_type)));
    }
    if (reached.insert(descriptor.digest).second) todo.push_back(descriptor);
    if (todo.size() > kMostManifests) throw Error(Status::unsupported, "too many manifests");
  };
  for (const Json& entry : index.entries()) add(entry);
  while (!todo.empty()) {
    const Descriptor descriptor = todo.back();
    todo.pop_back();
    const Json manifest = read_if_there(blobs, descriptor);
    add_blobs(manifest, reached);
    if (const Json* children = manifest.find("manifests")) {
      for (const Json& child : children->items("manifests")) add(child);
    }
    if (const Json* subject = manifest.find("subject")) {
      reached.insert(Digest::require(subject->text_at("digest")));
    }
  }
  return reached;
}

}  // namespace sealos::oci_layout
