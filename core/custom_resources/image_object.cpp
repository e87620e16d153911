#include "core/custom_resources/image_object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/manifest/media_type.hpp"
#include "core/yaml/yaml.hpp"
#include "support/digest/hasher.hpp"

namespace sealos::custom_resources {
namespace {

constexpr const char* kEmptyType = "application/vnd.oci.empty.v1+json";
constexpr const char* kNoTime = "1970-01-01T00:00:00Z";

/// "2023-04-05T06:07:08Z" or with an offset; fractions of a second are cut off. "": it is no time.
std::string seconds_of(const std::string& text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return "";
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return "";
  }
  size_t zone = kShape.size();
  if (text[zone] == '.') zone = text.find_first_not_of("0123456789", zone + 1);
  if (zone == std::string::npos) return "";
  const std::string offset = text.substr(zone);
  const bool numeric = offset.size() == 6 && (offset[0] == '+' || offset[0] == '-') &&
                       offset[3] == ':' &&
                       offset.find_first_not_of("0123456789:+-") == std::string::npos;
  return offset == "Z" || numeric ? text.substr(0, kShape.size()) + offset : "";
}

std::string object_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == ':' || c == '@'; }, '.');
  return name;
}

Json descriptor_of(const char* type, const std::string& bytes) {
  return Json::object({{"mediaType", type},
                       {"digest", digest_of(bytes).str()},
                       {"size", static_cast<std::int64_t>(bytes.size())}});
}

void add_blob(Artifact& artifact, const char* type, const std::string& bytes) {
  Blob blob;
  blob.digest = digest_of(bytes);
  blob.size = static_cast<std::int64_t>(bytes.size());
  blob.media_type = type;
  artifact.blobs.emplace_back(std::move(blob), bytes);
}

}  // namespace

void read_config(const std::string& config, ImageFacts& facts) {
  try {
    const Json json = Json::parse(config);
    facts.architecture = json.text_at("architecture");
    facts.created = json.text_at("created");
  } catch (const Error&) {
    // What has no such config does not tell.
  }
}

Json image_object(const ImageFacts& facts, const Content& content) {
  Json detail = Json::object();
  const auto set = [](Json& to, const char* key, const std::string& text) {
    if (!text.empty()) to.set(key, text);
  };
  Json keywords = Json::array();
  for (const std::string& word : content.keywords) keywords.push_back(word);
  if (!content.keywords.empty()) detail.set("keywords", std::move(keywords));
  set(detail, "description", content.description);
  set(detail, "icon", content.icon);
  set(detail, "url", content.url);
  set(detail, "arch", facts.architecture);
  detail.set("size", facts.size);
  const std::string created = seconds_of(facts.created);
  detail.set("creatTime", created.empty() ? std::string(kNoTime) : created);
  set(detail, "ID", facts.id);
  set(detail, "docs", content.docs);
  Json spec = Json::object({{"name", facts.name}});
  set(spec, "type", content.type);
  spec.set("detail", std::move(detail));
  return Json::object({{"apiVersion", kApiVersion},
                       {"kind", kKind},
                       {"metadata", Json::object({{"name", object_name(facts.name)}})},
                       {"spec", std::move(spec)}});
}

Artifact make_artifact(const Json& object, const Content& content, const Json& subject) {
  Artifact artifact;
  Json layers = Json::array();
  const auto add = [&](const std::string& title, const std::string& bytes) {
    add_blob(artifact, kFileType, bytes);
    Json layer = descriptor_of(kFileType, bytes);
    layer.set("annotations", Json::object({{kTitleAnnotation, title}}));
    layers.push_back(std::move(layer));
  };
  const std::string empty = "{}";
  add_blob(artifact, kEmptyType, empty);
  artifact.blobs.front().first.flags |= SEALOS_BLOB_CONFIG;
  add(kObjectTitle, yaml_of(object));
  for (const NamedFile& file : content.objects) add(file.path, file.bytes);
  const std::string name = object.at("spec").text_at("name");
  const Json manifest = Json::object({{"schemaVersion", 2},
                                      {"mediaType", std::string(media_type::kOciManifest)},
                                      {"artifactType", kArtifactType},
                                      {"config", descriptor_of(kEmptyType, empty)},
                                      {"layers", std::move(layers)},
                                      {"subject", subject},
                                      {"annotations", Json::object({{kNameAnnotation, name}})}});
  artifact.manifest = {std::string(media_type::kOciManifest), manifest.dump()};
  return artifact;
}

std::string shown(const Json& object, const Content& content) {
  std::string text = yaml_of(object);
  for (const NamedFile& file : content.objects) {
    text += fmt::format("---\n# {}\n", printable(file.path));
    text += file.bytes;
    if (!file.bytes.ends_with('\n')) text += '\n';
  }
  return text;
}

}  // namespace sealos::custom_resources
