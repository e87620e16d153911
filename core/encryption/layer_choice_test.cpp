#include "core/encryption/layer_choice.hpp"

#include <doctest/doctest.h>

#include "sealos/sdk/error.hpp"

using sealos::encryption::LayerChoice;
using Answer = std::vector<bool>;

TEST_CASE("layers are chosen by number from either end, by ranges and by lists") {
  CHECK(LayerChoice::parse({}).among(2) == Answer{true, true});
  CHECK(LayerChoice::parse({"0"}).among(3) == Answer{true, false, false});
  CHECK(LayerChoice::parse({"-1"}).among(3) == Answer{false, false, true});
  CHECK(LayerChoice::parse({"1-2"}).among(4) == Answer{false, true, true, false});
  CHECK(LayerChoice::parse({"-2--1"}).among(4) == Answer{false, false, true, true});
  CHECK(LayerChoice::parse({"0,-1", "1"}).among(4) == Answer{true, true, false, true});
}

TEST_CASE("a layer that the image does not have is refused") {
  for (const char* text : {"2", "-3", "1-2", "1-0"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(LayerChoice::parse({text}).among(2), sealos::Error);
  }
}

TEST_CASE("what is no choice of layers is refused") {
  for (const char* text : {"", "a", "1,", "1-", "-", "1 2", "99999999999999999999", "1--"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(LayerChoice::parse({text}), sealos::Error);
  }
}
