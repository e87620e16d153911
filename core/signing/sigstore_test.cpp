#include "core/signing/sigstore.hpp"

#include <doctest/doctest.h>

#include "core/config/secret.hpp"

using namespace sealos;
using namespace sealos::signing;

namespace {

// Made with: openssl ecparam -genkey -name prime256v1; openssl dgst -sha256 -sign.
const char* const kKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsw6JdJ2YfcDKv22w8lKGcbwv9SW9
ac4I3w4R1exy6LsZoUzyXlU0MMqfZD285Y7Lr+CIxotBS3uRHrAZJgD/Eg==
-----END PUBLIC KEY-----
)";
const char* const kPayload =
    R"({"critical":{"identity":{"docker-reference":"example.com/a"},"image":)"
    R"({"docker-manifest-digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},)"
    R"("type":"cosign container image signature"},"optional":null})";
const char* const kSignature =
    "MEUCIH+"
    "Jlu7eB9OjlOvMcYgEHCHIa2u7B8qiey4BZE9AtgFnAiEApzPSZy4nJNDnk4R0die8VOwVXHL2kJyrq2uAizYKzNI=";

std::string blob(const std::string& payload, const std::string& signature) {
  return R"({"mimeType":"application/vnd.dev.cosign.simplesigning.v1+json","payload":")" +
         config::encode_base64(payload) +
         R"(","annotations":{"dev.cosignproject.cosign/signature":")" + signature + R"("}})";
}

}  // namespace

TEST_CASE("a signature is checked with the keys, and its payload read") {
  const auto signature = SigstoreSignature::parse(blob(kPayload, kSignature));
  CHECK(signed_by_any(signature, {kKey}));
  CHECK_FALSE(signed_by_any(signature, {}));
  const Payload payload = parse_sigstore_payload(signature.payload);
  CHECK(payload.reference == "example.com/a");
  CHECK(payload.manifest.hex() == std::string(64, 'a'));
  CHECK_THROWS_AS(parse_payload(signature.payload), Error);
}

TEST_CASE("an altered payload or signature is not accepted") {
  std::string other = kPayload;
  other[60] ^= 1;
  CHECK_FALSE(signed_by_any(SigstoreSignature::parse(blob(other, kSignature)), {kKey}));
  CHECK_FALSE(signed_by_any(SigstoreSignature::parse(blob(kPayload, "AAAA")), {kKey}));
  CHECK_FALSE(signed_by_any(SigstoreSignature::parse(blob(kPayload, "")), {kKey}));
  CHECK_THROWS_AS(SigstoreSignature::parse("{}"), Error);
  CHECK_THROWS_AS(signed_by_any(SigstoreSignature::parse(blob(kPayload, kSignature)), {"no key"}),
                  Error);
}
