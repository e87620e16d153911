#include "support/referrer/referrer.hpp"

#include <algorithm>

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

std::string attached_name(const Digest& subject, std::string_view kind) {
  if (std::find(kAttachedKinds.begin(), kAttachedKinds.end(), kind) == kAttachedKinds.end())
    throw Error(Status::invalid, "\"" + printable(kind) + "\" is no kind of what is attached");
  std::string name(subject.algorithm());
  return name.append("-").append(subject.hex()).append(".").append(kind);
}

bool is_attached_name(std::string_view name) {
  const size_t dash = name.find('-'), dot = name.rfind('.');
  if (dash == std::string_view::npos || dot == std::string_view::npos || dot < dash) return false;
  std::string digest(name.substr(0, dash));
  digest.append(":").append(name.substr(dash + 1, dot - dash - 1));
  return Digest::parse(digest) && std::find(kAttachedKinds.begin(), kAttachedKinds.end(),
                                            name.substr(dot + 1)) != kAttachedKinds.end();
}

}  // namespace sealos
