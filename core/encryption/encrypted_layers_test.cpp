#include "core/encryption/encrypted_layers.hpp"

#include <doctest/doctest.h>

#include "sealos/sdk/error.hpp"

using sealos::encryption::EncryptedLayers;
using Answer = std::vector<bool>;

TEST_CASE("layers are chosen by number from either end, by ranges and by lists") {
  CHECK(EncryptedLayers::parse({}).among(2) == Answer{true, true});
  CHECK(EncryptedLayers::parse({"0"}).among(3) == Answer{true, false, false});
  CHECK(EncryptedLayers::parse({"-1"}).among(3) == Answer{false, false, true});
  CHECK(EncryptedLayers::parse({"1-2"}).among(4) == Answer{false, true, true, false});
  CHECK(EncryptedLayers::parse({"-2--1"}).among(4) == Answer{false, false, true, true});
  CHECK(EncryptedLayers::parse({"0,-1", "1"}).among(4) == Answer{true, true, false, true});
}

TEST_CASE("a layer that the image does not have is refused") {
  for (const char* text : {"2", "-3", "1-2", "1-0"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(EncryptedLayers::parse({text}).among(2), sealos::Error);
  }
}

TEST_CASE("what is no choice of layers is refused") {
  for (const char* text : {"", "a", "1,", "1-", "-", "1 2", "99999999999999999999", "1--"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(EncryptedLayers::parse({text}), sealos::Error);
  }
}
