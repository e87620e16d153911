#include "archive_index.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"
#include "support/json/json.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_daemon {
namespace {

using namespace oci_layout;

const Item& manifest_for(const Item& top, const std::map<Digest, Item>& children,
                         const Platform& platform) {
  if (!is_index(top.label)) return top;
  const Item* first = nullptr;
  const Json index = Json::parse(top.data);
  for (const Json& entry : index.at("manifests").items("manifests")) {
    const auto child = children.find(Descriptor::of(entry).digest);
    if (child == children.end() || !is_manifest(child->second.label)) continue;
    if (annotation(entry, kDockerReferenceType) == "attestation-manifest") continue;
    if (first == nullptr) first = &child->second;
    const Json* of = entry.find("platform");
    if (of != nullptr && of->text_at("os") == platform.os &&
        of->text_at("architecture") == platform.architecture)
      return child->second;
  }
  if (first == nullptr)
    throw Error(Status::not_found, "docker-daemon: the index has no image that was copied");
  return *first;
}

std::string index_json(const Item& top, const std::string& full_name, const std::string& tag) {
  Json entry =
      Descriptor{top.label, digest_of(top.data), static_cast<std::int64_t>(top.data.size())}.json();
  entry.set("annotations", Json::object({{std::string(kContainerdName), full_name},
                                         {std::string(kRefName), tag}}));
  return Json::object({{"schemaVersion", 2},
                       {"mediaType", kOciIndex},
                       {"manifests", Json(Json::Array{std::move(entry)})}})
      .dump();
}

}  // namespace

std::string blob_path(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm(), digest.hex());
}

ArchiveIndex make_archive_index(const Item& top, const std::map<Digest, Item>& children,
                                const std::map<Digest, std::string>& paths,
                                const std::string& full_name, const std::string& tag,
                                const Platform& platform) {
  const Json manifest = Json::parse(manifest_for(top, children, platform).data);
  const Digest config = Digest::require(manifest.at("config").text_at("digest"));
  Json layers = Json::array();
  for (const Json& layer : manifest.at("layers").items("layers")) {
    const Digest digest = Digest::require(layer.text_at("digest"));
    const auto elsewhere = paths.find(digest);
    layers.push_back(elsewhere == paths.end() ? blob_path(digest) : elsewhere->second);
  }
  ArchiveIndex made;
  made.config_digest = config.str();
  Json item = Json::object({{"Config", blob_path(config)},
                            {"RepoTags", Json(Json::Array{Json(full_name)})},
                            {"Layers", std::move(layers)}});
  made.manifest_json = Json(Json::Array{std::move(item)}).dump();
  if (paths.empty()) made.index_json = index_json(top, full_name, tag);
  return made;
}

}  // namespace sealos::docker_daemon
