#include "core/manifest/manifest.hpp"

#include <fmt/format.h>

#include "core/manifest/schema1_signature.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

/// The kind that the document itself shows.
std::optional<ManifestKind> kind_shown(const Json& json) {
  if (json.find("mediaType") != nullptr) {
    if (const auto kind = manifest_kind(json.text_at("mediaType"))) return kind;
  }
  const std::int64_t version = json.at("schemaVersion").integer("schemaVersion");
  if (version == 1) {
    return json.find("signatures") != nullptr ? ManifestKind::schema1_signed
                                              : ManifestKind::schema1;
  }
  if (const Json* config = json.find("config")) {
    const std::string type = config->text_at("mediaType");
    return type == media_type::kDockerConfig ? ManifestKind::docker : ManifestKind::oci;
  }
  if (json.find("manifests") != nullptr) return ManifestKind::oci_index;
  return std::nullopt;
}

ManifestKind decide_kind(const std::string& label, const Json& json) {
  const auto shown = kind_shown(json);
  const auto labelled = manifest_kind(label);
  if (!shown && !labelled) {
    const std::string type = json.text_at("mediaType");
    throw Error(Status::unsupported, fmt::format("\"{}\" is not a manifest that sealos understands",
                                                 printable(type.empty() ? label : type)));
  }
  const bool says_itself = json.find("mediaType") != nullptr;
  if (labelled && shown && says_itself && *labelled != *shown) {
    throw Error(Status::invalid, fmt::format("the manifest is labelled {} but says that it is {}",
                                             describe(*labelled), describe(*shown)));
  }
  return labelled ? *labelled : *shown;
}

/// A document with the members of two kinds could mean different images to different readers.
void refuse_ambiguity(const Json& json, ManifestKind kind) {
  const bool index = is_index(kind);
  const char* foreign = index ? "layers" : "manifests";
  if (json.find(foreign) != nullptr || (index && json.find("config") != nullptr)) {
    throw Error(Status::invalid,
                fmt::format("{} that also has the members of another kind", describe(kind)));
  }
}

}  // namespace

Manifest::Manifest(Item item, std::string payload, Json json, ManifestKind kind)
    : item_(std::move(item)),
      payload_(std::move(payload)),
      json_(std::move(json)),
      kind_(kind),
      digest_(digest_of(named_bytes())) {}

Manifest Manifest::parse(Item item) {
  if (item.data.size() > kMaxManifestSize) {
    throw Error(Status::invalid, fmt::format("the manifest has {} bytes, more than {} are not read",
                                             item.data.size(), kMaxManifestSize));
  }
  try {
    Json json = Json::parse(item.data);
    json.members("manifest");
    const ManifestKind kind = decide_kind(item.label, json);
    item.label = media_type_of(kind);
    std::string payload;
    if (kind == ManifestKind::schema1_signed) {
      // What was signed is what counts, whatever else stands around it.
      payload = signed_payload(item.data, json);
      json = Json::parse(payload);
    }
    Manifest manifest(std::move(item), std::move(payload), std::move(json), kind);
    manifest.read_members();
    return manifest;
  } catch (Error& e) {
    throw e.add_context("manifest");
  }
}

void Manifest::read_members() {
  if (is_schema1(kind_)) return read_schema1();
  if (json_.at("schemaVersion").integer("schemaVersion") != 2) {
    throw Error(Status::invalid, "\"schemaVersion\" is not 2");
  }
  refuse_ambiguity(json_, kind_);
  if (is_index()) {
    for (const Json& entry : json_.at("manifests").items("manifests")) {
      instances_.push_back(Descriptor::parse(entry));
    }
    return;
  }
  config_ = Descriptor::parse(json_.at("config"));
  for (const Json& layer : json_.at("layers").items("layers")) {
    layers_.push_back(Descriptor::parse(layer));
  }
}

void Manifest::read_schema1() {
  if (json_.at("schemaVersion").integer("schemaVersion") != 1) {
    throw Error(Status::invalid, "\"schemaVersion\" is not 1");
  }
  for (const char* foreign : {"config", "layers", "manifests"}) {
    if (json_.find(foreign) == nullptr) continue;
    throw Error(Status::invalid,
                fmt::format("{} that also has the members of another kind", describe(kind_)));
  }
  schema1_ = Schema1::parse(json_);
  const std::string type = *layer_media_type(ManifestKind::docker, {"gzip", false});
  for (const Digest& layer : layers_of(*schema1_)) layers_.push_back({type, layer});
}

bool Manifest::is_image() const {
  if (schema1_) return true;
  return config_ && (config_->media_type == media_type::kOciConfig ||
                     config_->media_type == media_type::kDockerConfig);
}

}  // namespace sealos
