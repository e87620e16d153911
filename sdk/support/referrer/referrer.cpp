#include "support/referrer/referrer.hpp"

namespace sealos {

std::optional<Digest> subject_of(const Item& manifest) {
  // Most manifests have none, and need not be read for that.
  if (manifest.data.find("\"subject\"") == std::string::npos) return std::nullopt;
  const Json json = Json::parse(manifest.data);
  const Json* subject = json.find("subject");
  if (subject == nullptr) return std::nullopt;
  return Digest::require(subject->text_at("digest"));
}

Json referrer_descriptor(const Digest& digest, const Item& manifest) {
  const Json json = Json::parse(manifest.data);
  Json out = Json::object({{"mediaType", manifest.label},
                           {"digest", digest.str()},
                           {"size", static_cast<std::int64_t>(manifest.data.size())}});
  std::string type = json.text_at("artifactType");
  const Json* config = json.find("config");
  if (type.empty() && config != nullptr) type = config->text_at("mediaType");
  if (!type.empty()) out.set("artifactType", type);
  if (const Json* annotations = json.find("annotations")) out.set("annotations", *annotations);
  return out;
}

}  // namespace sealos
