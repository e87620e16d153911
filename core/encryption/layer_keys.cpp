#include "core/encryption/layer_keys.hpp"

#include <algorithm>

#include "core/config/secret.hpp"
#include "core/gpg/gpg.hpp"
#include "support/json/json.hpp"

namespace sealos::encryption {
namespace {

constexpr std::string_view kPrefix = "org.opencontainers.image.enc.";
constexpr const char* kPublicOptions = "org.opencontainers.image.enc.pubopts";
constexpr const char* kCipher = "AES_256_CTR_HMAC_SHA256";

const std::string* find(const Annotations& annotations, std::string_view key) {
  for (const auto& [name, value] : annotations) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string from_base64(std::string_view text, const char* what) {
  if (auto bytes = decode_base64(text)) return *std::move(bytes);
  throw Error(Status::invalid, std::string(what) + " of an encrypted layer is not base64");
}

/// What is wrapped: the key, its nonce, and what they are for.
std::string private_options(const LayerSecret& secret, const std::string& plain) {
  std::string key = encode_base64(secret.key), nonce = encode_base64(secret.nonce);
  const config::WipeAtEnd wipe_key(key), wipe_nonce(nonce);
  std::string text;
  text.reserve(512);  // it does not move, so that no part of the key is left behind
  text.append(R"({"symkey":")").append(key).append(R"(","digest":)").append(Json(plain).dump());
  return text.append(R"(,"cipheroptions":{"nonce":")").append(nonce).append("\"}}");
}

std::string nonce_of(const Json& public_part, const Json& private_part) {
  for (const Json* part : {&public_part, &private_part}) {
    const Json* options = part->find("cipheroptions");
    const Json* nonce = options == nullptr ? nullptr : options->find("nonce");
    if (nonce != nullptr) return from_base64(nonce->string("nonce"), "the nonce");
  }
  return "";
}

std::optional<std::string> unwrap(std::string_view scheme, std::string_view message,
                                  const DecryptionKeys& keys) {
  if (scheme == "jwe") return jwe_decrypt(message, keys.keys);
  if (scheme == "pkcs7") return cms_decrypt(message, keys.certificates, keys.keys);
  if (scheme == "pgp") {
    for (const auto& file : keys.pgp) {
      if (auto plain = file->decrypt(message)) return plain;
    }
  }
  for (const auto& [provider, argument] : keys.providers) {
    if (scheme == "provider." + provider.name()) return provider.unwrap(message, argument);
  }
  return std::nullopt;
}

/// Every message of an annotation is tried; what one of them is wrong with matters only if none
/// opens.
std::optional<std::string> unwrap_any(const Annotations& annotations, const DecryptionKeys& keys,
                                      std::optional<Error>& problem) {
  for (const auto& [name, value] : annotations) {
    if (!name.starts_with(kKeysPrefix)) continue;
    const std::string_view scheme = std::string_view(name).substr(kKeysPrefix.size());
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view item = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
      try {
        if (auto plain = unwrap(scheme, from_base64(item, "a key"), keys)) return plain;
      } catch (const Error& e) {
        problem = e;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_encrypted(std::string_view media_type) { return media_type.ends_with(kEncryptedSuffix); }

Annotations wrap_secret(const LayerSecret& secret, const std::string& plain, const Recipients& to) {
  std::string options = private_options(secret, plain);
  const config::WipeAtEnd wiped(options);
  Annotations made;
  const auto add = [&](const std::string& scheme, const std::string& message) {
    made.emplace_back(std::string(kKeysPrefix) + scheme, encode_base64(message));
  };
  if (!to.jwe.empty()) add("jwe", jwe_encrypt(options, to.jwe));
  if (!to.pgp.empty()) add("pgp", gpg::Gpg::of_user()->encrypt(options, to.pgp));
  if (!to.pkcs7.empty()) add("pkcs7", cms_encrypt(options, to.pkcs7));
  for (const auto& [provider, argument] : to.providers) {
    add("provider." + provider.name(), provider.wrap(options, argument));
  }
  return made;
}

std::pair<std::string, std::string> public_options(const std::string& hmac) {
  const Json options = Json::object(
      {{"cipher", kCipher}, {"hmac", encode_base64(hmac)}, {"cipheroptions", Json::object()}});
  return {kPublicOptions, encode_base64(options.dump())};
}

Annotations without_encryption(const Annotations& annotations) {
  Annotations rest;
  std::copy_if(annotations.begin(), annotations.end(), std::back_inserter(rest),
               [](const auto& one) { return !one.first.starts_with(kPrefix); });
  return rest;
}

Opened open_layer(const Annotations& annotations, const DecryptionKeys& keys) {
  const std::string* public_text = find(annotations, kPublicOptions);
  if (public_text == nullptr) {
    throw Error(Status::invalid, "the layer is encrypted, but says nothing of its cipher");
  }
  const Json public_part = Json::parse(from_base64(*public_text, "the options"));
  if (public_part.text_at("cipher") != kCipher) {
    throw Error(Status::unsupported, "the layer is encrypted with an unknown cipher, \"" +
                                         printable(public_part.text_at("cipher")) + "\"");
  }
  std::optional<Error> problem;
  std::optional<std::string> text = unwrap_any(annotations, keys, problem);
  if (!text) {
    std::string why = "none of the keys opens the layer";
    if (problem) why += " (" + problem->message() + ")";
    throw Error(Status::unauthenticated, why);
  }
  const config::WipeAtEnd wiped(*text);
  Json private_part = Json::parse(*text);
  const config::WipeAtEnd wipe_part(private_part);
  std::string key = from_base64(private_part.at("symkey").string("symkey"), "the key");
  std::string nonce = nonce_of(public_part, private_part);
  std::string hmac = from_base64(public_part.text_at("hmac"), "the authentication code");
  if (key.size() != 32 || nonce.size() != 16 || hmac.size() != 32) {
    throw Error(Status::invalid, "the layer's key, nonce or authentication code is incomplete");
  }
  return {LayerSecret(std::move(key), std::move(nonce)), std::move(hmac),
          private_part.text_at("digest")};
}

}  // namespace sealos::encryption
