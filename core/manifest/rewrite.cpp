#include "core/manifest/rewrite.hpp"

#include <fmt/format.h>

namespace sealos {
namespace {

Json to_json(const std::vector<Descriptor>& list) {
  Json out = Json::array();
  for (const Descriptor& one : list) out.push_back(one.to_json());
  return out;
}

Json fresh(ManifestKind kind) {
  Json json = Json::object();
  json.set("schemaVersion", 2);
  json.set("mediaType", media_type_of(kind));
  return json;
}

Item finish(const Json& json, ManifestKind kind) {
  return {std::string(media_type_of(kind)), json.dump()};
}

}  // namespace

std::string obstacle_to(const Manifest& image, ManifestKind kind, const std::string& config) {
  if (kind == image.kind() || kind == ManifestKind::oci || image.schema1() != nullptr) return "";
  if (!image.is_image()) {
    return fmt::format("an artifact with config {} has no docker form",
                       printable(image.config().media_type));
  }
  if (image.json().find("subject") != nullptr) return "its subject has no docker form";
  for (const Descriptor& layer : image.layers()) {
    if (!layer_type(layer.media_type)) {
      return fmt::format("layer type {} has no docker form", printable(layer.media_type));
    }
  }
  return is_schema1(kind) ? obstacle_to_schema1(config, image.layers().size()) : "";
}

Item rewrite_image(const Manifest& image, ManifestKind kind, const Descriptor& config,
                   const std::vector<Descriptor>& layers) {
  const bool same = kind == image.kind();
  Json json = same ? image.json() : fresh(kind);
  json.set("config", config.to_json());
  json.set("layers", to_json(layers));
  if (!same && kind == ManifestKind::oci) {
    if (const Json* annotations = image.json().find("annotations")) {
      json.set("annotations", *annotations);
    }
  }
  return finish(json, kind);
}

Item rewrite_index(const Manifest& index, ManifestKind kind,
                   const std::vector<Descriptor>& instances) {
  const bool same = kind == index.kind();
  Json json = same ? index.json() : fresh(kind);
  json.set("manifests", to_json(instances));
  if (!same && kind == ManifestKind::oci_index) {
    if (const Json* annotations = index.json().find("annotations")) {
      json.set("annotations", *annotations);
    }
  }
  return finish(json, kind);
}

}  // namespace sealos
