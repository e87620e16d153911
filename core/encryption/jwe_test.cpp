#include "core/encryption/jwe.hpp"

#include <doctest/doctest.h>

#include "core/encryption/testing/keys.hpp"
#include "sealos/sdk/error.hpp"
#include "support/base64/base64.hpp"
#include "support/json/json.hpp"

using namespace sealos;
using namespace sealos::encryption;
using namespace sealos::encryption::testing;

namespace {

PublicKey recipient(const Pkey& key) { return read_public_key(public_pem(key), "test"); }

}  // namespace

TEST_CASE("a message for a key of any kind is opened by that key and no other") {
  const std::vector<Pkey> keys = {make_rsa(), make_ec("P-256"), make_ec("P-384"), make_ec("P-521")};
  for (const Pkey& key : keys) {
    const std::string jwe = jwe_encrypt("secret", {recipient(key)});
    CHECK(jwe.find("recipients") == std::string::npos);
    for (const Pkey& other : keys) {
      CHECK(jwe_decrypt(jwe, {other}) ==
            (other == key ? std::optional<std::string>("secret") : std::nullopt));
    }
    CHECK(jwe_decrypt(jwe, keys) == "secret");
  }
}

TEST_CASE("a message for several keys is opened by each, also with Go's second encrypted_key") {
  const Pkey rsa = make_rsa(), ec = make_ec("P-256");
  Json jwe = Json::parse(jwe_encrypt("secret", {recipient(rsa), recipient(ec)}));
  CHECK(jwe.find("encrypted_key") == nullptr);
  jwe.set("encrypted_key", jwe.at("recipients").items("")[0].at("encrypted_key"));
  CHECK(jwe_decrypt(jwe.dump(), {rsa}) == "secret");
  CHECK(jwe_decrypt(jwe.dump(), {ec}) == "secret");
  CHECK_FALSE(jwe_decrypt(jwe.dump(), {make_ec("P-256")}));
}

TEST_CASE("the compact form is read") {
  const Pkey ec = make_ec("P-256");
  const Json jwe = Json::parse(jwe_encrypt("secret", {recipient(ec)}));
  std::string compact;
  for (const char* part : {"protected", "encrypted_key", "iv", "ciphertext", "tag"}) {
    compact += (compact.empty() ? "" : ".") + jwe.text_at(part);
  }
  CHECK(jwe_decrypt(compact, {ec}) == "secret");
  CHECK_THROWS_AS(jwe_decrypt(compact + ".", {ec}), Error);
  CHECK_THROWS_AS(jwe_decrypt("a.b", {ec}), Error);
}

TEST_CASE("an altered message does not open") {
  const Pkey rsa = make_rsa();
  const Json good = Json::parse(jwe_encrypt("secret", {recipient(rsa)}));
  for (const char* member : {"encrypted_key", "iv", "ciphertext", "tag"}) {
    CAPTURE(member);
    Json jwe = good;
    std::string bytes = *decode_base64url(jwe.text_at(member));
    bytes[0] ^= 1;
    jwe.set(member, encode_base64url(bytes));
    CHECK_FALSE(jwe_decrypt(jwe.dump(), {rsa}));
  }
  Json jwe = good;
  jwe.set("protected", encode_base64url(R"({"alg":"RSA-OAEP", "enc":"A256GCM"})"));
  CHECK_FALSE(jwe_decrypt(jwe.dump(), {rsa}));
}

TEST_CASE("a point that is not on the curve is refused") {
  const Pkey ec = make_ec("P-256");
  Json jwe = Json::parse(jwe_encrypt("secret", {recipient(ec)}));
  Json header = Json::parse(*decode_base64url(jwe.text_at("protected")));
  header.find("epk")->set("x", encode_base64url(std::string(32, 1)));
  jwe.set("protected", encode_base64url(header.dump()));
  CHECK_THROWS_AS(jwe_decrypt(jwe.dump(), {ec}), Error);
}

// CVE-2026-34986 of go-jose, which the peers read this with.
TEST_CASE("a wrapped key of any length does not open, or is the right one") {
  const Pkey ec = make_ec("P-256");
  Json jwe = Json::parse(jwe_encrypt("secret", {recipient(ec)}));
  const std::string good = *decode_base64url(jwe.text_at("encrypted_key"));
  for (size_t length = 0; length <= good.size() + 16; ++length) {
    CAPTURE(length);
    jwe.set("encrypted_key", encode_base64url((good + std::string(16, 'x')).substr(0, length)));
    CHECK(jwe_decrypt(jwe.dump(), {ec}).has_value() == (length == good.size()));
  }
}

// Of go-jose: CVE-2024-28180 (what unpacks to gigabytes), GHSA-2c7c-3mj9-8fqh (a passphrase
// stretched for hours), CVE-2025-27144 (a million dots).
TEST_CASE("a message cannot make its reader work for long") {
  const Pkey rsa = make_rsa();
  Json jwe = Json::parse(jwe_encrypt("secret", {recipient(rsa)}));
  for (const char* header : {R"({"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"})",
                             R"({"alg":"RSA-OAEP","enc":"A256GCM","crit":["x"],"x":1})"}) {
    CAPTURE(header);
    jwe.set("protected", encode_base64url(header));
    CHECK_THROWS_AS(jwe_decrypt(jwe.dump(), {rsa}), Error);
  }
  jwe.set("protected", encode_base64url(R"({"alg":"PBES2-HS512+A256KW","enc":"A256GCM",)"
                                        R"("p2s":"AAAAAAAAAAA","p2c":2147483647})"));
  CHECK_FALSE(jwe_decrypt(jwe.dump(), {rsa}));
  CHECK_THROWS_AS(jwe_decrypt(std::string(1'000'000, '.'), {rsa}), Error);
}

TEST_CASE("JWKs are read, and say how to wrap and whose key it is") {
  const Pkey ec = make_ec("P-384");
  const EcPoint point = ec_point(ec);
  Json jwk = Json::object({{"kty", "EC"},
                           {"crv", "P-384"},
                           {"x", encode_base64url(point.x)},
                           {"y", encode_base64url(point.y)},
                           {"alg", "ECDH-ES+A128KW"},
                           {"kid", "me"}});
  const std::string jwe = jwe_encrypt("secret", {read_public_key(jwk.dump(), "jwk")});
  const Json header = Json::parse(*decode_base64url(Json::parse(jwe).text_at("protected")));
  CHECK(header.text_at("alg") == "ECDH-ES+A128KW");
  CHECK(header.text_at("kid") == "me");
  CHECK(jwe_decrypt(jwe, {ec}) == "secret");
  jwk.set("alg", "RSA-OAEP");
  CHECK_THROWS_AS(read_public_key(jwk.dump(), "jwk"), Error);
  jwk.set("d", "AA");
  CHECK_THROWS_AS(read_public_key(jwk.dump(), "jwk"), Error);
}

TEST_CASE("a private key is read in every form that it has") {
  const Pkey ec = make_ec("P-256");
  CHECK(read_private_key(private_pem(ec), "k", std::nullopt, {}).has_value());
  const std::string locked = private_pem(ec, "open");
  CHECK(EVP_PKEY_eq(read_private_key(locked, "k", "open", {})->get(), ec.get()) == 1);
  int asked = 0;
  const auto ask = [&](const std::string& file) {
    CHECK(file == "k");
    ++asked;
    return std::string("open");
  };
  CHECK(read_private_key(locked, "k", std::nullopt, ask).has_value());
  CHECK(asked == 1);
  CHECK_THROWS_WITH_AS(read_private_key(locked, "k", "wrong", {}),
                       "private key k: the passphrase is wrong", Error);
  CHECK_THROWS_WITH_AS(read_private_key(locked, "k", std::nullopt, {}),
                       "private key k: it is encrypted, and no passphrase was given", Error);
  CHECK_FALSE(read_private_key("text", "k", std::nullopt, {}).has_value());
  CHECK_FALSE(read_private_key(public_pem(ec), "k", std::nullopt, {}).has_value());
}

TEST_CASE("what is no public key for JWE is refused with the reason") {
  CHECK_THROWS_AS(read_public_key("text", "k"), Error);
  CHECK_THROWS_AS(read_public_key(private_pem(make_ec("P-256")), "k"), Error);
  const Pkey other = own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  CHECK_THROWS_WITH_AS(read_public_key(public_pem(other), "k"),
                       "public key k: only RSA keys and EC keys can be used", Error);
}
