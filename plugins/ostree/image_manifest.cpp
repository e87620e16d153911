#include "image_manifest.hpp"

#include <fmt/format.h>

#include "support/json/json.hpp"

namespace sealos::ostree {
namespace {

constexpr const char* kSchema1 = "application/vnd.docker.distribution.manifest.v1+json";
constexpr const char* kSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// What is wrong in a stored manifest is the repository's fault.
template <typename Body>
auto of_stored(Body&& body) {
  try {
    return body();
  } catch (const Error& e) {
    throw Error(Status::corrupt, "the stored manifest: " + e.message());
  }
}

bool is_schema_1(const Json& manifest) {
  const Json* version = manifest.find("schemaVersion");
  return version != nullptr && version->is_integer() && version->integer("schemaVersion") == 1;
}

Blob layer_of(const Json& layer, std::int64_t index) {
  Blob blob;
  blob.digest = Digest::require(layer.at("digest").string("digest"));
  blob.size = layer.at("size").integer("size");
  blob.media_type = layer.text_at("mediaType");
  blob.layer_index = index;
  if (const Json* urls = layer.find("urls")) {
    for (const Json& url : urls->items("urls")) blob.urls.push_back(url.string("urls"));
  }
  if (const Json* notes = layer.find("annotations")) {
    for (const auto& [key, value] : notes->members("annotations"))
      blob.annotations.emplace_back(key, value.string(key));
  }
  return blob;
}

/// "throwaway" is a layer without content, which only this format lists.
bool is_throwaway(const Json& history) {
  const Json one = Json::parse(history.at("v1Compatibility").string("v1Compatibility"));
  const Json* flag = one.find("throwaway");
  return flag != nullptr && flag->is_bool() && flag->boolean("throwaway");
}

std::vector<Digest> blobs_of_schema_1(const Json& manifest, bool empty_ones) {
  const Json::Array& layers = manifest.at("fsLayers").items("fsLayers");
  const Json::Array& history = manifest.at("history").items("history");
  if (layers.size() != history.size())
    throw Error(Status::invalid, "it has more layers than history, or less");
  std::vector<Digest> out;
  for (size_t i = layers.size(); i-- > 0;) {
    if (!empty_ones && is_throwaway(history[i])) continue;
    out.push_back(Digest::require(layers[i].at("blobSum").string("blobSum")));
  }
  return out;
}

std::vector<Blob> layers_of_schema_1(const Json& manifest) {
  std::vector<Blob> out;
  for (Digest& digest : blobs_of_schema_1(manifest, false)) {
    Blob& blob = out.emplace_back();
    blob.digest = std::move(digest);
    blob.layer_index = static_cast<std::int64_t>(out.size()) - 1;
    blob.media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip";
  }
  return out;
}

std::string plain_type(const std::string& type) {
  if (type.starts_with("application/vnd.docker.")) {
    return type.find(".foreign.") != std::string::npos
               ? "application/vnd.docker.image.rootfs.foreign.diff.tar"
               : "application/vnd.docker.image.rootfs.diff.tar";
  }
  return type.find(".nondistributable.") != std::string::npos
             ? "application/vnd.oci.image.layer.nondistributable.v1.tar"
             : "application/vnd.oci.image.layer.v1.tar";
}

/// These describe the compressed form, which is gone.
bool is_of_compressed_form(std::string_view key) {
  return key.starts_with("io.github.containers.zstd-chunked.") ||
         key.starts_with("io.containers.estargz.") ||
         key == "containerd.io/snapshot/stargz/toc.digest" ||
         key == "io.github.containers.compression.zstd";
}

}  // namespace

std::string manifest_type_of(std::string_view manifest) {
  return of_stored([&]() -> std::string {
    const Json root = Json::parse(manifest);
    if (std::string type = root.text_at("mediaType"); !type.empty()) return type;
    if (is_schema_1(root)) return root.find("signatures") != nullptr ? kSchema1Signed : kSchema1;
    const bool docker =
        root.at("config").text_at("mediaType").starts_with("application/vnd.docker.");
    return docker ? kDockerManifest : kOciManifest;
  });
}

std::vector<Blob> layers_of(std::string_view manifest) {
  return of_stored([&] {
    const Json root = Json::parse(manifest);
    if (is_schema_1(root)) return layers_of_schema_1(root);
    std::vector<Blob> out;
    for (const Json& layer : root.at("layers").items("layers"))
      out.push_back(layer_of(layer, static_cast<std::int64_t>(out.size())));
    return out;
  });
}

std::optional<Digest> config_of(std::string_view manifest) {
  return of_stored([&]() -> std::optional<Digest> {
    const Json root = Json::parse(manifest);
    const Json* config = root.find("config");
    if (config == nullptr) return std::nullopt;
    return Digest::require(config->at("digest").string("digest"));
  });
}

std::vector<Digest> diff_ids_of(std::string_view config) {
  std::vector<Digest> out;
  try {
    const Json root = Json::parse(config);
    for (const Json& id : root.at("rootfs").at("diff_ids").items("diff_ids"))
      out.push_back(Digest::require(id.string("diff_ids")));
    return out;
  } catch (const Error&) {
    return {};
  }
}

std::vector<Digest> blobs_of(std::string_view manifest) {
  return of_stored([&] {
    const Json root = Json::parse(manifest);
    if (is_schema_1(root)) return blobs_of_schema_1(root, true);
    std::vector<Digest> out;
    for (const Blob& layer : layers_of(manifest)) out.push_back(*layer.digest);
    if (auto config = config_of(manifest)) out.push_back(*std::move(config));
    return out;
  });
}

Blob as_plain(Blob layer, const Digest& digest, std::int64_t size) {
  if (*layer.digest != digest) {
    layer.media_type = plain_type(layer.media_type);
    std::erase_if(layer.annotations,
                  [](const auto& note) { return is_of_compressed_form(note.first); });
  }
  layer.digest = digest;
  layer.size = size;
  layer.compression = "";
  return layer;
}

}  // namespace sealos::ostree
