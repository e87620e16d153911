#include "core/manifest/descriptor.hpp"

#include "core/manifest/media_type.hpp"

namespace sealos {

Descriptor Descriptor::parse(const Json& json) {
  Descriptor out{json.at("mediaType").string("mediaType"),
                 Digest::require(json.at("digest").string("digest")),
                 json.at("size").integer("size"),
                 {},
                 {},
                 std::nullopt,
                 json};
  if (out.size < 0) throw Error(Status::invalid, "\"size\" is negative");
  if (const Json* urls = json.find("urls")) {
    for (const Json& url : urls->items("urls")) out.urls.push_back(url.string("urls"));
  }
  if (const Json* annotations = json.find("annotations")) {
    for (const auto& [key, value] : annotations->members("annotations")) {
      out.annotations.emplace_back(key, value.string("annotations"));
    }
  }
  if (const Json* platform = json.find("platform")) out.platform = Platform::from_json(*platform);
  return out;
}

Json Descriptor::to_json() const {
  Json out = json.is_null() ? Json::object() : json;
  out.set("mediaType", media_type);
  out.set("digest", digest.str());
  out.set("size", size);
  if (urls.empty()) {
    out.erase("urls");
  } else {
    Json list = Json::array();
    for (const std::string& url : urls) list.push_back(url);
    out.set("urls", std::move(list));
  }
  if (annotations.empty()) {
    out.erase("annotations");
  } else {
    Json map = Json::object();
    for (const auto& [key, value] : annotations) map.set(key, value);
    out.set("annotations", std::move(map));
  }
  return out;
}

Blob Descriptor::to_blob() const {
  Blob blob;
  blob.digest = digest;
  blob.size = size;
  blob.media_type = media_type;
  if (const auto layer = layer_type(media_type)) blob.compression = layer->compression;
  blob.urls = urls;
  blob.annotations = annotations;
  return blob;
}

}  // namespace sealos
