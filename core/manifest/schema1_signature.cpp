#include "core/manifest/schema1_signature.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "core/manifest/jws_key.hpp"
#include "support/base64/base64.hpp"

namespace sealos {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr size_t kMostSignatures = 32;

[[noreturn]] void refuse(Status status, std::string_view what) {
  throw Error(status, fmt::format("the manifest's signature {}", what));
}

std::string decoded(const Json& block, std::string_view name) {
  std::string_view text = block.at(name).string(name);
  text = text.substr(0, text.find_last_not_of('=') + 1);
  const auto bytes = decode_base64url(text);
  if (!bytes) refuse(Status::invalid, fmt::format("has a \"{}\" that is not base64url", name));
  return *bytes;
}

/// The payload is the text up to formatLength, and then formatTail.
std::string payload_by(const Json& protection, const std::string& text) {
  const std::int64_t length = protection.at("formatLength").integer("formatLength");
  if (length < 0 || static_cast<size_t>(length) > text.size()) {
    refuse(Status::invalid, "covers more than there is");
  }
  return text.substr(0, static_cast<size_t>(length)) + decoded(protection, "formatTail");
}

void verify(const Json& block, const std::string& payload) {
  const Json& header = block.at("header");
  const std::string bytes = block.text_at("protected") + "." + encode_base64url(payload);
  const JwsKey key = JwsKey::from_header(header);
  if (!key.verify(header.text_at("alg"), bytes, decoded(block, "signature"))) {
    refuse(Status::corrupt, "is wrong");
  }
}

}  // namespace

std::string signed_payload(const std::string& text, const Json& json) {
  const auto& blocks = json.at("signatures").items("signatures");
  if (blocks.size() > kMostSignatures) refuse(Status::invalid, "is one of too many");
  std::optional<std::string> payload;
  for (const Json& block : blocks) {
    const std::string here = payload_by(Json::parse(decoded(block, "protected")), text);
    if (payload && *payload != here) refuse(Status::invalid, "is for another text than the others");
    verify(block, here);
    payload = here;
  }
  if (!payload) refuse(Status::corrupt, "is missing");
  return *payload;
}

std::string sign_payload(const std::string& payload) {
  const size_t brace = payload.find_last_not_of(kSpace);
  const size_t last = brace == std::string::npos || brace == 0 || payload[brace] != '}'
                          ? std::string::npos
                          : payload.find_last_not_of(kSpace, brace - 1);
  if (last == std::string::npos || payload[last] == ',' || payload[last] == '{') {
    throw Error(Status::internal, "what is to be signed is no JSON object with members");
  }
  const size_t length = last + 1;
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  Json protection = Json::object();
  protection.set("formatLength", static_cast<std::int64_t>(length));
  protection.set("formatTail", encode_base64url(std::string_view(payload).substr(length)));
  protection.set("time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now)));
  const std::string shield = encode_base64url(protection.dump());
  const JwsKey key = JwsKey::generate();
  const std::string signature = key.sign(shield + "." + encode_base64url(payload));
  Json block = Json::object();
  block.set("header", Json::object({{"jwk", key.jwk()}, {"alg", "ES256"}}));
  block.set("signature", encode_base64url(signature));
  block.set("protected", shield);
  Json blocks = Json::array();
  blocks.push_back(std::move(block));
  return fmt::format("{},\"signatures\":{}}}", payload.substr(0, length), blocks.dump());
}

}  // namespace sealos
