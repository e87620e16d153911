#include "support/docker_archive/image_description.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "support/digest/hasher.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_archive {

using namespace oci_layout;

/// The architecture as OCI names it.
Platform this_platform() {
  utsname machine{};
  ::uname(&machine);
  std::string name = machine.machine;
  if (name == "x86_64") name = "amd64";
  if (name == "aarch64") name = "arm64";
  if (name.starts_with("armv")) name = "arm";
  return {"linux", name};
}

Digest ImageDescription::add(const std::optional<Digest>& instance, const Item& manifest) {
  const Digest digest = digest_of(manifest.data, instance ? instance->algorithm() : "sha256");
  if (instance && digest != *instance) {
    throw Error(Status::corrupt,
                fmt::format("manifest {} does not have that digest", instance->brief()));
  }
  if (instance) {
    instances_.insert_or_assign(digest, manifest);
  } else {
    top_ = Descriptor{manifest.label, digest, static_cast<std::int64_t>(manifest.data.size())};
    top_text_ = manifest.data;
  }
  return digest;
}

const std::string& ImageDescription::described(const Platform& platform) const {
  if (!is_index(top_->media_type)) return top_text_;
  const std::string* first = nullptr;
  const Json top = Json::parse(top_text_);
  for (const Json& entry : top.at("manifests").items("manifests")) {
    const auto child = instances_.find(Descriptor::of(entry).digest);
    if (child == instances_.end() || !is_manifest(child->second.label)) continue;
    if (annotation(entry, kDockerReferenceType) == "attestation-manifest") continue;
    if (first == nullptr) first = &child->second.data;
    const Json* of = entry.find("platform");
    if (of != nullptr && of->text_at("os") == platform.os &&
        of->text_at("architecture") == platform.architecture) {
      return child->second.data;
    }
  }
  if (first == nullptr) throw Error(Status::unsupported, "the index has no image that was copied");
  return *first;
}

ArchiveItem ImageDescription::item_of(const std::string& manifest, const PathOf& path_of) {
  const Json parsed = Json::parse(manifest);
  const auto path = [&](const Json& descriptor, bool config) {
    return path_of(Digest::require(descriptor.text_at("digest")), config);
  };
  ArchiveItem item;
  item.config = path(parsed.at("config"), true);
  if (const Json* layers = parsed.find("layers")) {
    for (const Json& layer : layers->items("layers")) item.layers.push_back(path(layer, false));
  }
  return item;
}

/// The tag alone stands in ref.name.
std::vector<Json> ImageDescription::entries(const std::vector<DockerName>& names) const {
  std::vector<Json> entries;
  for (const DockerName& name : names) {
    Json entry = top_->json();
    entry.set("annotations", Json::object({{std::string(kContainerdName), name.str()},
                                           {std::string(kRefName), name.tag}}));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace sealos::docker_archive
