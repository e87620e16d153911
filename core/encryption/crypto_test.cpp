#include "core/encryption/crypto.hpp"

#include <doctest/doctest.h>

#include "sealos/sdk/error.hpp"
#include "support/base64/base64.hpp"

using namespace sealos::encryption;

namespace {

std::string hex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

}  // namespace

TEST_CASE("keys are wrapped as in RFC 3394, 4.6") {
  const std::string kek = hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
  const std::string key = hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
  const std::string wrapped =
      hex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
  CHECK(wrap_key(kek, key) == wrapped);
  CHECK(unwrap_key(kek, wrapped) == key);
  CHECK(unwrap_key(kek, wrapped.substr(8)) == std::nullopt);
  CHECK(unwrap_key(key, wrapped) == std::nullopt);
}

TEST_CASE("keys are derived as in RFC 7518, appendix C") {
  const std::string shared =
      hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4");
  CHECK(sealos::encode_base64url(concat_kdf(shared, "A128GCM", "Alice", "Bob", 128)) ==
        "VqqN6vgjbSBcIijNcacQGg");
}

TEST_CASE("A128CBC-HS256 is opened as in RFC 7518, appendix B.1") {
  const std::string key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const Sealed sealed{hex("1af38c2dc2b96ffdd86694092341bc04"),
                      hex("c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9"
                          "a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c7032336"
                          "09d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b"
                          "384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade5"
                          "4b8851ffb598f7f80074b9473c82e2db"),
                      hex("652c3fa36b0a7c5b3219fab3a30bc1c4")};
  const std::string associated = "The second principle of Auguste Kerckhoffs";
  const auto plain = cbc_hmac_open(key, sealed, associated);
  REQUIRE(plain);
  CHECK(plain->starts_with("A cipher system must not be required to be secret"));
  CHECK_FALSE(cbc_hmac_open(key, sealed, "other"));
}

TEST_CASE("what was sealed opens with its key and associated text alone") {
  const std::string key = random_bytes(32);
  const Sealed sealed = gcm_seal(key, "secret", "header");
  CHECK(gcm_open(key, sealed, "header") == "secret");
  CHECK_FALSE(gcm_open(key, sealed, "other"));
  CHECK_FALSE(gcm_open(random_bytes(32), sealed, "header"));
  CHECK_FALSE(gcm_open(random_bytes(7), sealed, "header"));
  Sealed altered = sealed;
  altered.tag[0] ^= 1;
  CHECK_FALSE(gcm_open(key, altered, "header"));
}
