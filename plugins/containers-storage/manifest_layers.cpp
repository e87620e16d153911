#include "manifest_layers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sealos::containers_storage {
namespace {

constexpr const char* kDockerV1 = "application/vnd.docker.distribution.manifest.v1+json";
constexpr const char* kDockerV1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// These describe the compressed form, which the store does not have.
bool is_of_compressed_form(std::string_view key) {
  return key.starts_with("io.github.containers.zstd-chunked.") ||
         key.starts_with("io.containers.estargz.") ||
         key == "containerd.io/snapshot/stargz/toc.digest" ||
         key == "io.github.containers.compression.zstd";
}

std::string uncompressed_type(const std::string& type) {
  if (type.starts_with("application/vnd.docker.")) {
    if (type.find(".foreign.") != std::string::npos)
      return "application/vnd.docker.image.rootfs.foreign.diff.tar";
    return "application/vnd.docker.image.rootfs.diff.tar";
  }
  if (type.find(".nondistributable.") != std::string::npos)
    return "application/vnd.oci.image.layer.nondistributable.v1.tar";
  return "application/vnd.oci.image.layer.v1.tar";
}

Blob as_stored(const Json& layer, const StoredLayer& stored, std::int64_t index) {
  Blob blob;
  blob.digest = Digest::require(stored.tar_digest());
  blob.size = stored.diff_size;
  blob.media_type = uncompressed_type(layer.text_at("mediaType"));
  blob.compression = "";
  blob.layer_index = index;
  if (const Json* urls = layer.find("urls")) {
    for (const Json& url : urls->items("urls")) blob.urls.push_back(url.string("urls"));
  }
  if (const Json* notes = layer.find("annotations")) {
    for (const auto& [key, value] : notes->members("annotations")) {
      if (!is_of_compressed_form(key)) blob.annotations.emplace_back(key, value.string(key));
    }
  }
  return blob;
}

/// Schema 1 lists its layers the other way round, and entries without content among them.
std::vector<Blob> layers_of_schema_1(const std::vector<const StoredLayer*>& chain) {
  std::vector<Blob> out;
  for (const StoredLayer* stored : chain) {
    Json nothing = Json::object();
    nothing.set("mediaType", "application/vnd.docker.image.rootfs.diff.tar.gzip");
    out.push_back(as_stored(nothing, *stored, static_cast<std::int64_t>(out.size())));
  }
  return out;
}

}  // namespace

std::string manifest_type_of(std::string_view manifest) {
  Json root;
  try {
    root = Json::parse(manifest);
  } catch (Error& e) {
    throw Error(Status::corrupt, fmt::format("a stored manifest is not JSON: {}", e.what()));
  }
  if (const std::string type = root.text_at("mediaType"); !type.empty()) return type;
  const Json* version = root.find("schemaVersion");
  if (version != nullptr && version->is_integer() && version->integer("schemaVersion") == 1)
    return root.find("signatures") != nullptr ? kDockerV1Signed : kDockerV1;
  if (const Json* manifests = root.find("manifests")) {
    for (const Json& one : manifests->items("manifests")) {
      if (one.text_at("mediaType").starts_with("application/vnd.docker.")) return kDockerList;
    }
    return kOciIndex;
  }
  if (const Json* config = root.find("config")) {
    return config->text_at("mediaType").starts_with("application/vnd.docker.") ? kDockerManifest
                                                                               : kOciManifest;
  }
  throw Error(Status::corrupt, "a stored manifest is of no known kind");
}

bool is_index_type(std::string_view type) { return type == kOciIndex || type == kDockerList; }

std::vector<Blob> layers_as_stored(std::string_view manifest,
                                   const std::vector<const StoredLayer*>& chain,
                                   std::string_view image) {
  const Json root = Json::parse(manifest);
  for (const StoredLayer* layer : chain) {
    if (layer->tar_digest().empty()) {
      throw Error(Status::unsupported,
                  fmt::format("layer {} of image {} has no digest: it is a container's",
                              layer->id.substr(0, 12), image));
    }
  }
  const Json* layers = root.find("layers");
  if (layers == nullptr) return layers_of_schema_1(chain);
  const Json::Array& items = layers->items("layers");
  if (items.size() != chain.size()) {
    throw Error(Status::corrupt, fmt::format("image {} has {} layers in the store, but {} in its "
                                             "manifest",
                                             image, chain.size(), items.size()));
  }
  std::vector<Blob> out;
  for (size_t i = 0; i < items.size(); ++i)
    out.push_back(as_stored(items[i], *chain[i], static_cast<std::int64_t>(i)));
  return out;
}

}  // namespace sealos::containers_storage
