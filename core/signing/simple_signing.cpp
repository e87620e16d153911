#include "core/signing/simple_signing.hpp"

#include <algorithm>

#include "support/json/json.hpp"

namespace sealos::signing {
namespace {

constexpr const char* kType = "atomic container signature";

void require_members(const Json& object, std::initializer_list<std::string_view> names,
                     const char* what) {
  const Json::Object& members = object.members(what);
  for (const auto& [name, value] : members) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(Status::invalid,
                  std::string(what) + " has the unknown member \"" + printable(name) + "\"");
    }
  }
  for (const std::string_view name : names) object.at(name);
}

}  // namespace

std::string make_payload(const Payload& payload, const std::string& creator,
                         std::int64_t timestamp) {
  const Json critical =
      Json::object({{"identity", Json::object({{"docker-reference", payload.reference}})},
                    {"image", Json::object({{"docker-manifest-digest", payload.manifest.str()}})},
                    {"type", kType}});
  return Json::object(
             {{"critical", critical},
              {"optional", Json::object({{"creator", creator}, {"timestamp", timestamp}})}})
      .dump();
}

Payload parse_payload(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    require_members(json, {"critical", "optional"}, "a signature");
    const Json& critical = json.at("critical");
    require_members(critical, {"type", "image", "identity"}, "its critical part");
    if (critical.text_at("type") != kType) {
      throw Error(Status::invalid, "its type is \"" + printable(critical.text_at("type")) + "\"");
    }
    require_members(critical.at("image"), {"docker-manifest-digest"}, "its image");
    require_members(critical.at("identity"), {"docker-reference"}, "its identity");
    const Json& optional = json.at("optional");
    optional.members("its optional part");
    optional.text_at("creator");
    if (const Json* timestamp = optional.find("timestamp")) timestamp->integer("timestamp");
    return {critical.at("identity").text_at("docker-reference"),
            Digest::require(critical.at("image").text_at("docker-manifest-digest"))};
  } catch (Error& e) {
    throw e.add_context("what was signed");
  }
}

bool is_simple_signature(std::string_view blob) {
  if (blob.size() < 2) return false;
  const auto first = static_cast<unsigned char>(blob[0]);
  const bool compressed = first >= 0xa0 && first <= 0xa3;
  const bool old_signature = first >= 0x88 && first <= 0x8b;
  const std::string_view starts = "\x90\x91\x92\x3d\xc4\xc2\xc8";
  return compressed || old_signature || starts.find(blob[0]) != std::string_view::npos;
}

}  // namespace sealos::signing
