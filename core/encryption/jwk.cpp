#include "core/encryption/jwk.hpp"

#include "support/json/json.hpp"

namespace sealos::encryption {
namespace {

constexpr size_t kMostJwk = 64 * 1024;

/// nullopt: no JWK.
std::optional<Json> parse_jwk(std::string_view text) {
  if (text.size() > kMostJwk || text.find('{') == std::string_view::npos) return std::nullopt;
  try {
    Json json = Json::parse(text);
    if (json.find("kty") == nullptr) return std::nullopt;
    return json;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<PublicKey> read_public_jwk(std::string_view text) {
  const std::optional<Json> json = parse_jwk(text);
  if (!json) return std::nullopt;
  if (json->find("d") != nullptr) {
    throw Error(Status::invalid, "it is a private key, a public one is needed");
  }
  return PublicKey{jwk::key_of(*json, jwk::Part::only_public), json->text_at("alg"),
                   json->text_at("kid")};
}

std::optional<Pkey> read_private_jwk(std::string_view text) {
  const std::optional<Json> json = parse_jwk(text);
  if (!json || json->find("d") == nullptr) return std::nullopt;
  return jwk::key_of(*json, jwk::Part::with_private);
}

}  // namespace sealos::encryption
