#include "support/jwk/jwk.hpp"

#include <doctest/doctest.h>

#include "support/base64/base64.hpp"

using namespace sealos;
using jwk::key_of;
using jwk::Part;

namespace {

/// RFC 7517, appendix A.1 and A.2.
constexpr const char* kPoint =
    R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")";
constexpr const char* kPrivate = R"(,"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"})";

Json parse(const std::string& text) { return Json::parse(text); }

Status status_of(const std::string& text) {
  try {
    key_of(parse(text), Part::only_public);
    return Status::ok;
  } catch (const Error& e) {
    return e.status();
  }
}

}  // namespace

TEST_CASE("the point of a key is the one of its JWK") {
  const Json json = parse(std::string(kPoint) + "}");
  const jwk::Pkey key = key_of(json, Part::only_public);
  CHECK(jwk::public_jwk(jwk::ec_point(key)).dump() == json.dump());
  const jwk::Pkey pair = key_of(parse(std::string(kPoint) + kPrivate), Part::with_private);
  CHECK(EVP_PKEY_eq(pair.get(), key.get()) == 1);
}

TEST_CASE("new keys of each curve go out and come back") {
  for (const char* curve : {"P-256", "P-384", "P-521"}) {
    CAPTURE(curve);
    const jwk::Pkey key = jwk::own(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
    const jwk::EcPoint point = jwk::ec_point(key);
    CHECK(point.curve == curve);
    CHECK(EVP_PKEY_eq(key_of(jwk::public_jwk(point), Part::only_public).get(), key.get()) == 1);
    CHECK(EVP_PKEY_eq(jwk::ec_public_key(point).get(), key.get()) == 1);
    CHECK(jwk::ec_point(jwk::ec_key_like(key)).curve == curve);
  }
}

TEST_CASE("what is no key is refused") {
  const std::string rsa = R"({"kty":"RSA","e":"AQAB","n":")";
  CHECK(status_of(rsa + encode_base64url(std::string(256, '\x81')) + "\"}") == Status::ok);
  CHECK(status_of(rsa + encode_base64url(std::string(3000, '\x81')) + "\"}") == Status::invalid);
  CHECK(status_of(rsa + "AQ==\"}") == Status::invalid);
  CHECK(status_of(rsa + "\"}") == Status::invalid);
  CHECK(status_of(R"({"kty":"oct","k":"AQAB"})") == Status::unsupported);
  CHECK(status_of(R"({"kty":"EC","crv":"secp256k1","x":"AQ","y":"AQ"})") == Status::unsupported);
  CHECK(status_of(R"({"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"})") == Status::invalid);
}
