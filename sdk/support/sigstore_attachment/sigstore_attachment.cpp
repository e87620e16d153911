#include "support/sigstore_attachment/sigstore_attachment.hpp"

#include <algorithm>

#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

using Annotations = AttachedSignature::Annotations;

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";

Annotations read_annotations(const Json& json) {
  Annotations out;
  const Json* list = json.find("annotations");
  if (list == nullptr) return out;
  for (const auto& [key, value] : list->members("annotations"))
    out.emplace_back(key, value.string("an annotation"));
  return out;
}

Json annotations_json(const Annotations& annotations) {
  Json::Object members;
  for (const auto& [key, value] : annotations) members.emplace_back(key, value);
  return Json::object(std::move(members));
}

Annotations sorted(Annotations annotations) {
  std::sort(annotations.begin(), annotations.end());
  return annotations;
}

Json descriptor_of(std::string_view media_type, const std::string& bytes) {
  return Json::object({{"mediaType", media_type},
                       {"digest", digest_of(bytes).str()},
                       {"size", static_cast<std::int64_t>(bytes.size())}});
}

}  // namespace

std::string attachment_tag(const Digest& image) {
  return std::string(image.algorithm()) + "-" + std::string(image.hex()) + ".sig";
}

AttachedSignature AttachedSignature::parse(const Item& signature) {
  const Json json = Json::parse(signature.data);
  auto payload = decode_base64(json.text_at("payload"));
  if (!payload || json.text_at("mimeType").empty())
    throw Error(Status::invalid, "a sigstore signature without a payload or its type");
  return {json.text_at("mimeType"), *std::move(payload), read_annotations(json)};
}

Item AttachedSignature::item() const {
  return {std::string(kSigstoreSignature),
          Json::object({{"mimeType", media_type},
                        {"payload", encode_base64(payload)},
                        {"annotations", annotations_json(annotations)}})
              .dump()};
}

Attachment::Attachment()
    : json_(Json::object({{"schemaVersion", 2},
                          {"mediaType", kManifestType},
                          {"config", Json::object()},
                          {"layers", Json::array()}})) {}

Attachment::Attachment(const Item& manifest) {
  if (manifest.label != kManifestType) {
    throw Error(Status::invalid, "signatures are attached as \"" + printable(manifest.label) +
                                     "\", not as an OCI image");
  }
  json_ = Json::parse(manifest.data);
  for (const Json& layer : json_.at("layers").items("layers")) {
    layers_.push_back({Digest::require(layer.text_at("digest")), layer.at("size").integer("size"),
                       layer.text_at("mediaType"), read_annotations(layer)});
  }
}

bool Attachment::has(const AttachedSignature& signature) const {
  const Digest digest = digest_of(signature.payload);
  return std::any_of(layers_.begin(), layers_.end(), [&](const Layer& layer) {
    return layer.digest == digest && layer.media_type == signature.media_type &&
           sorted(layer.annotations) == sorted(signature.annotations);
  });
}

void Attachment::add(const AttachedSignature& signature) {
  Json layer = descriptor_of(signature.media_type, signature.payload);
  if (!signature.annotations.empty())
    layer.set("annotations", annotations_json(signature.annotations));
  json_.find("layers")->push_back(std::move(layer));
  layers_.push_back({digest_of(signature.payload),
                     static_cast<std::int64_t>(signature.payload.size()), signature.media_type,
                     signature.annotations});
}

std::string Attachment::config() const {
  Json diff_ids = Json::array();
  for (const Layer& layer : layers_) diff_ids.push_back(layer.digest.str());
  return Json::object({{"architecture", ""},
                       {"os", ""},
                       {"config", Json::object()},
                       {"rootfs", Json::object({{"type", "layers"}, {"diff_ids", diff_ids}})}})
      .dump();
}

Item Attachment::manifest() const {
  Json json = json_;
  json.set("config", descriptor_of(kConfigType, config()));
  return {kManifestType, json.dump()};
}

}  // namespace sealos
