#include "core/encryption/jwe.hpp"

#include <fmt/format.h>

#include "core/config/secret.hpp"
#include "core/encryption/crypto.hpp"
#include "support/base64/base64.hpp"
#include "support/json/json.hpp"

namespace sealos::encryption {
namespace {

constexpr const char* kContentCipher = "A256GCM";

/// The bits of the key that "ECDH-ES+A..." wraps with; 0: another algorithm.
unsigned wrap_bits(std::string_view algorithm) {
  if (algorithm == "ECDH-ES+A128KW") return 128;
  if (algorithm == "ECDH-ES+A192KW") return 192;
  if (algorithm == "ECDH-ES+A256KW") return 256;
  return 0;
}

std::optional<RsaPadding> rsa_padding(std::string_view algorithm) {
  if (algorithm == "RSA-OAEP") return RsaPadding::oaep_sha1;
  if (algorithm == "RSA-OAEP-256") return RsaPadding::oaep_sha256;
  return std::nullopt;
}

struct WrappedKey {
  Json header;  ///< alg, epk, kid
  std::string key;
};

WrappedKey wrap_for(const PublicKey& recipient, std::string_view content_key) {
  WrappedKey wrapped{Json::object({{"alg", recipient.algorithm}}), {}};
  if (!recipient.key_id.empty()) wrapped.header.set("kid", recipient.key_id);
  if (const auto padding = rsa_padding(recipient.algorithm)) {
    wrapped.key = rsa_encrypt(recipient.key, *padding, content_key);
    return wrapped;
  }
  const Pkey ephemeral = ec_key_like(recipient.key);
  std::optional<std::string> shared = ecdh(ephemeral, recipient.key);
  if (!shared) throw Error(Status::internal, "OpenSSL failed: ECDH");
  std::string kek =
      concat_kdf(*shared, recipient.algorithm, "", "", wrap_bits(recipient.algorithm));
  const config::WipeAtEnd wipe_shared(*shared), wipe_kek(kek);
  wrapped.header.set("epk", jwk::public_jwk(ec_point(ephemeral)));
  wrapped.key = wrap_key(kek, content_key);
  return wrapped;
}

[[noreturn]] void malformed(const std::string& what) {
  throw Error(Status::invalid, "malformed JWE: " + what);
}

std::string decoded(std::string_view text, const char* what) {
  if (auto bytes = decode_base64url(text)) return *std::move(bytes);
  malformed(std::string(what) + " is not base64url");
}

struct ParsedRecipient {
  Json header;
  std::string key;
};

struct ParsedJwe {
  std::string protected_text;  ///< as it stands: what the tag covers
  Json header;                 ///< protected and shared
  Sealed content;
  std::string associated;
  std::vector<ParsedRecipient> recipients;
};

void merge(Json& into, const Json* from) {
  if (from == nullptr) return;
  for (const auto& [key, value] : from->members("header")) into.set(key, value);
}

/// Go writes the first recipient's key a second time, at the top, beside "recipients".
void read_recipients(const Json& json, ParsedJwe& jwe) {
  const auto add = [&](const Json& recipient) {
    ParsedRecipient one{jwe.header, decoded(recipient.text_at("encrypted_key"), "encrypted_key")};
    merge(one.header, recipient.find("header"));
    jwe.recipients.push_back(std::move(one));
  };
  if (const Json* list = json.find("recipients")) {
    for (const Json& recipient : list->items("recipients")) add(recipient);
  } else {
    add(json);
  }
}

/// header.key.iv.ciphertext.tag as the JSON that it stands for.
Json expand_compact(std::string_view text) {
  Json json = Json::object();
  for (const char* member : {"protected", "encrypted_key", "iv", "ciphertext", "tag"}) {
    const size_t dot = text.find('.');
    json.set(member, text.substr(0, dot));
    const bool last = std::string_view(member) == "tag";
    if ((dot == std::string_view::npos) != last) malformed("it has not five parts");
    if (!last) text.remove_prefix(dot + 1);
  }
  return json;
}

ParsedJwe parse(std::string_view text) {
  const Json json =
      text.find('{') == std::string_view::npos ? expand_compact(text) : Json::parse(text);
  ParsedJwe jwe;
  jwe.protected_text = json.text_at("protected");
  jwe.header = Json::object();
  if (!jwe.protected_text.empty()) {
    const Json header = Json::parse(decoded(jwe.protected_text, "protected"));
    merge(jwe.header, &header);
  }
  merge(jwe.header, json.find("unprotected"));
  if (jwe.header.find("zip") != nullptr || jwe.header.find("crit") != nullptr) {
    throw Error(Status::unsupported, "a JWE with \"zip\" or \"crit\" cannot be read");
  }
  jwe.content = {decoded(json.text_at("iv"), "iv"),
                 decoded(json.text_at("ciphertext"), "ciphertext"),
                 decoded(json.text_at("tag"), "tag")};
  jwe.associated = jwe.protected_text;
  if (const Json* aad = json.find("aad")) jwe.associated += "." + aad->string("aad");
  read_recipients(json, jwe);
  return jwe;
}

std::optional<std::string> unwrap_with_ec(const ParsedRecipient& recipient, const Pkey& key,
                                          const std::string& algorithm) {
  const Json* epk = recipient.header.find("epk");
  if (epk == nullptr) malformed("it has no \"epk\"");
  const EcPoint mine = ec_point(key);
  EcPoint point{epk->text_at("crv"), decoded(epk->text_at("x"), "x"),
                decoded(epk->text_at("y"), "y")};
  if (point.curve != mine.curve || point.x.size() != mine.x.size() ||
      point.y.size() != mine.y.size()) {
    return std::nullopt;
  }
  std::optional<std::string> shared = ecdh(key, ec_public_key(point));
  if (!shared) return std::nullopt;
  std::string kek =
      concat_kdf(*shared, algorithm, decoded(recipient.header.text_at("apu"), "apu"),
                 decoded(recipient.header.text_at("apv"), "apv"), wrap_bits(algorithm));
  const config::WipeAtEnd wipe_shared(*shared), wipe_kek(kek);
  return unwrap_key(kek, recipient.key);
}

std::optional<std::string> unwrap(const ParsedRecipient& recipient, const Pkey& key) {
  const std::string algorithm = recipient.header.text_at("alg");
  if (const auto padding = rsa_padding(algorithm)) {
    if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return std::nullopt;
    return rsa_decrypt(key, *padding, recipient.key);
  }
  if (wrap_bits(algorithm) == 0 || EVP_PKEY_is_a(key.get(), "EC") != 1) return std::nullopt;
  return unwrap_with_ec(recipient, key, algorithm);
}

std::optional<std::string> open_content(const ParsedJwe& jwe, const Json& header,
                                        std::string_view key) {
  const std::string cipher = header.text_at("enc");
  const auto gcm_of = [&](size_t size) {
    return key.size() == size ? gcm_open(key, jwe.content, jwe.associated) : std::nullopt;
  };
  const auto cbc_of = [&](size_t size) {
    return key.size() == size ? cbc_hmac_open(key, jwe.content, jwe.associated) : std::nullopt;
  };
  if (cipher == "A128GCM") return gcm_of(16);
  if (cipher == "A192GCM") return gcm_of(24);
  if (cipher == "A256GCM") return gcm_of(32);
  if (cipher == "A128CBC-HS256") return cbc_of(32);
  if (cipher == "A192CBC-HS384") return cbc_of(48);
  if (cipher == "A256CBC-HS512") return cbc_of(64);
  throw Error(Status::unsupported,
              "a JWE with the content cipher \"" + printable(cipher) + "\" cannot be read");
}

}  // namespace

std::string jwe_encrypt(std::string_view plain, const std::vector<PublicKey>& recipients) {
  std::string content_key = random_bytes(32);
  const config::WipeAtEnd wiped(content_key);
  std::vector<WrappedKey> wrapped;
  for (const PublicKey& recipient : recipients) wrapped.push_back(wrap_for(recipient, content_key));
  Json header = Json::object();
  if (wrapped.size() == 1) header = wrapped[0].header;
  header.set("enc", kContentCipher);
  const std::string protected_text = encode_base64url(header.dump());
  const Sealed content = gcm_seal(content_key, plain, protected_text);
  Json jwe = Json::object({{"protected", protected_text}});
  if (wrapped.size() == 1) {
    jwe.set("encrypted_key", encode_base64url(wrapped[0].key));
  } else {
    Json list = Json::array();
    for (const WrappedKey& one : wrapped) {
      list.push_back(
          Json::object({{"header", one.header}, {"encrypted_key", encode_base64url(one.key)}}));
    }
    jwe.set("recipients", std::move(list));
  }
  jwe.set("iv", encode_base64url(content.nonce));
  jwe.set("ciphertext", encode_base64url(content.ciphertext));
  jwe.set("tag", encode_base64url(content.tag));
  return jwe.dump();
}

std::optional<std::string> jwe_decrypt(std::string_view text, const std::vector<Pkey>& keys) {
  const ParsedJwe jwe = parse(text);
  for (const Pkey& key : keys) {
    for (const ParsedRecipient& recipient : jwe.recipients) {
      std::optional<std::string> content_key = unwrap(recipient, key);
      if (!content_key) continue;
      const config::WipeAtEnd wiped(*content_key);
      if (auto plain = open_content(jwe, recipient.header, *content_key)) return plain;
    }
  }
  return std::nullopt;
}

std::vector<std::string> jwe_recipients(std::string_view text) {
  std::vector<std::string> labels;
  for (const ParsedRecipient& recipient : parse(text).recipients) {
    std::string label = recipient.header.text_at("alg");
    if (const Json* epk = recipient.header.find("epk")) label += ", " + epk->text_at("crv");
    const std::string key = recipient.header.text_at("kid");
    labels.push_back(key.empty() ? label : label + ", key " + key);
  }
  return labels;
}

std::string jwe_without(std::string_view text, size_t which) {
  Json json = Json::parse(text);
  Json* list = json.find("recipients");
  if (list == nullptr) malformed("it has no list of recipients");
  Json::Array& recipients = list->items("recipients");
  recipients.erase(recipients.begin() + static_cast<std::ptrdiff_t>(which));
  // Go's copy of the first recipient's key.
  json.erase("encrypted_key");
  json.erase("header");
  return json.dump();
}

}  // namespace sealos::encryption
