#include "core/signing/simple_signing.hpp"

#include <algorithm>

#include "core/signing/payload.hpp"
#include "support/json/json.hpp"

namespace sealos::signing {
namespace {

constexpr const char* kType = "atomic container signature";

using Names = std::initializer_list<std::string_view>;

void refuse_others(const Json& object, Names names, const char* what) {
  for (const auto& [name, value] : object.members(what)) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(Status::invalid,
                  std::string(what) + " has the unknown member \"" + printable(name) + "\"");
    }
  }
}

void require_members(const Json& object, Names names, const char* what) {
  refuse_others(object, names, what);
  for (const std::string_view name : names) object.at(name);
}

}  // namespace

std::string make_payload_of_type(const Payload& payload, const std::string& type,
                                 const std::string& creator, std::int64_t timestamp) {
  const Json critical =
      Json::object({{"identity", Json::object({{"docker-reference", payload.reference}})},
                    {"image", Json::object({{"docker-manifest-digest", payload.manifest.str()}})},
                    {"type", type}});
  return Json::object(
             {{"critical", critical},
              {"optional", Json::object({{"creator", creator}, {"timestamp", timestamp}})}})
      .dump();
}

std::string make_payload(const Payload& payload, const std::string& creator,
                         std::int64_t timestamp) {
  return make_payload_of_type(payload, kType, creator, timestamp);
}

Payload parse_payload_of_type(std::string_view text, std::string_view type,
                              bool optional_may_be_null) {
  try {
    const Json json = Json::parse(text);
    const Json* optional = nullptr;
    for (const auto& [name, value] : json.members("a signature")) {
      if (name == "optional") optional = &value;
    }
    const bool no_options = optional != nullptr && optional->is_null() && optional_may_be_null;
    if (no_options) {
      refuse_others(json, {"critical", "optional"}, "a signature");
    } else {
      require_members(json, {"critical", "optional"}, "a signature");
      optional->members("its optional part");
      optional->text_at("creator");
      if (const Json* time = optional->find("timestamp")) time->integer("timestamp");
    }
    const Json& critical = json.at("critical");
    require_members(critical, {"type", "image", "identity"}, "its critical part");
    if (critical.text_at("type") != type) {
      throw Error(Status::invalid, "its type is \"" + printable(critical.text_at("type")) + "\"");
    }
    require_members(critical.at("image"), {"docker-manifest-digest"}, "its image");
    require_members(critical.at("identity"), {"docker-reference"}, "its identity");
    return {critical.at("identity").text_at("docker-reference"),
            Digest::require(critical.at("image").text_at("docker-manifest-digest"))};
  } catch (Error& e) {
    throw e.add_context("what was signed");
  }
}

Payload parse_payload(std::string_view text) { return parse_payload_of_type(text, kType, false); }

bool is_simple_signature(std::string_view blob) {
  if (blob.size() < 2) return false;
  const auto first = static_cast<unsigned char>(blob[0]);
  const bool compressed = first >= 0xa0 && first <= 0xa3;
  const bool old_signature = first >= 0x88 && first <= 0x8b;
  const std::string_view starts = "\x90\x91\x92\x3d\xc4\xc2\xc8";
  return compressed || old_signature || starts.find(blob[0]) != std::string_view::npos;
}

}  // namespace sealos::signing
