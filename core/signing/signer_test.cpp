#include "core/signing/signer.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "core/config/secret.hpp"
#include "core/gpg/gpg.hpp"
#include "core/gpg/testing/test_key.hpp"
#include "core/signing/sigstore.hpp"
#include "core/signing/sigstore_key.hpp"
#include "support/json/json.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::signing;

namespace {

// Made by skopeo 1.22 generate-sigstore-key, with the passphrase "secret"; for tests alone.
const char* const kSigstoreKey = R"(-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiJMMTRrUlZaTzk1SUhFeTlEWGlPSXNQbXV3L01WdWhY
Z25jRzlxT1ZUOFY0PSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJ4eFY2NFFlRkNDdGRJRWY3RkpVU0hxZ1dENVRjMzExMiJ9LCJj
aXBoZXJ0ZXh0IjoiU240Mm1aOTY1NU42OE9FMFFHb0RJeVBZcVE1NnRid0piclF6
Y3hIajcvcnY2M2ZCQ3VTaWorTmI0MGVEZ3NSVU5uZDFmdkgvSHBnYUd5RlJ6NlEw
aDMzMzNpNklJWkJwMjVwMFo1czVqditPcVdVb0daTVYwQzRQVmxiRFFvc1c5UmFt
MUw2b3VUZ3VneUplazhuWHY2UnE4K1lLdmJRcVVQRUFaTCtpN2dvQTljZFZFa0dl
TzY3YkhDemcwVW5NSnNxOW52dGNtanZCeUE9PSJ9
-----END ENCRYPTED COSIGN PRIVATE KEY-----
)";
const char* const kSigstorePublic = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEy9iRo1LnZ23X3zrSKuE21EWJZDAx
BRWQoLIJ29ECmd3z11B2T47NsVzsqfMSRoTOcVFhp+GzpC/WZBJvg5xqIA==
-----END PUBLIC KEY-----
)";

const Payload kImage{"example.com/a:1", Digest::require("sha256:" + std::string(64, 'a'))};

TellPassphrase tell(const std::string& text) {
  return [text] { return text; };
}

Status status_of_key(const std::string& file, const TellPassphrase& passphrase) {
  try {
    sigstore_signer(file, "k", passphrase, "sealos test");
    return Status::ok;
  } catch (const Error& e) {
    CHECK(e.message().find("k: ") != std::string::npos);
    return e.status();
  }
}

/// The key file with other JSON inside.
std::string with_json(const std::string& from, const std::string& to) {
  const std::string pem = kSigstoreKey;
  const size_t begin = pem.find('\n') + 1, end = pem.find("-----END");
  std::string json = *config::decode_base64(pem.substr(begin, end - begin));
  REQUIRE(json.find(from) != std::string::npos);
  json.replace(json.find(from), from.size(), to);
  return pem.substr(0, begin) + config::encode_base64(json) + "\n" + pem.substr(end);
}

/// A home folder of GnuPG that is the user's for the time of this object.
struct UserHome {
  sealos::testing::TempFolder folder;
  UserHome() {
    ::setenv("GNUPGHOME", folder.path.c_str(), 1);
    gpg::Gpg::of_user()->import(gpg::testing::secret_key());
  }
  ~UserHome() {
    const std::string stop = "gpgconf --homedir " + folder.path.string() + " --kill all";
    if (std::system(stop.c_str()) != 0) MESSAGE("the agent stays");
    ::unsetenv("GNUPGHOME");
  }
};

}  // namespace

TEST_CASE("a sigstore key opens with its passphrase, and its signatures are good ones") {
  const auto signer = sigstore_signer(kSigstoreKey, "k", tell("secret"), "sealos test");
  CHECK(signer->format() == "sigstore-json");
  const Item item = signer->sign(kImage);
  CHECK(item.label == "sigstore-json");
  const auto signature = SigstoreSignature::parse(item.data);
  CHECK(signed_by_any(signature, {kSigstorePublic}));
  const Payload payload = parse_sigstore_payload(signature.payload);
  CHECK(payload.reference == kImage.reference);
  CHECK(payload.manifest == kImage.manifest);
  CHECK(Json::parse(signature.payload).at("optional").text_at("creator") == "sealos test");
}

TEST_CASE("a sigstore key that does not open is refused") {
  CHECK(status_of_key(kSigstoreKey, tell("wrong")) == Status::unauthenticated);
  CHECK(status_of_key(kSigstoreKey, {}) == Status::unauthenticated);
  CHECK(status_of_key("no PEM", {}) == Status::invalid);
  CHECK(status_of_key(kSigstorePublic, {}) == Status::invalid);
  CHECK(status_of_key(with_json("secretbox", "other"), tell("secret")) == Status::unsupported);
  CHECK(status_of_key(with_json("\"scrypt\"", "\"none\""), tell("secret")) == Status::unsupported);
  CHECK(status_of_key(with_json("65536", "16777216"), tell("secret")) == Status::invalid);
  CHECK(status_of_key(with_json("65536", "65535"), tell("secret")) == Status::invalid);
  CHECK(status_of_key(with_json("\"p\":1", "\"p\":1000"), tell("secret")) == Status::invalid);
  CHECK(status_of_key(with_json("\"salt\":\"L", "\"salt\":\"M"), tell("secret")) ==
        Status::unauthenticated);
  CHECK(status_of_key(with_json("\"nonce\":\"xxV6", "\"nonce\":\""), tell("secret")) ==
        Status::invalid);
  CHECK(status_of_key(with_json("\"ciphertext\":\"", "\"ciphertext\":\"*"), tell("secret")) ==
        Status::invalid);
}

TEST_CASE("a key of GnuPG is tried before it signs, and its signatures are good ones") {
  const UserHome home;
  const auto signer = gpg_signer(gpg::testing::kFingerprint, {}, "sealos test", {});
  const Item item = signer->sign(kImage);
  CHECK(item.label == "simple-signing");
  CHECK(is_simple_signature(item.data));
  const gpg::Verified verified = gpg::Gpg::of_user()->verify(item.data);
  REQUIRE(verified.signers.size() == 1);
  CHECK(verified.signers[0].problem == "");
  CHECK(parse_payload(verified.payload).manifest == kImage.manifest);
  CHECK_NOTHROW(gpg_signer("test@sealos.invalid", {}, "sealos test", {}));
  CHECK_THROWS_AS(gpg_signer("sealos.invalid", {}, "sealos test", {}), Error);
  CHECK_THROWS_AS(gpg_signer(std::string(40, 'A'), {}, "sealos test", {}), Error);
}
