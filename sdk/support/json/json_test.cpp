#include "support/json/json.hpp"

#include <doctest/doctest.h>

using sealos::Json;

TEST_CASE("a document is written as it was read") {
  const std::string text =
      R"({"b":1,"a":{"z":[1,-2,true,null,"x\"\\\n"],"y":{}},"big":9007199254740993,"u":"é<>&"})";
  CHECK(Json::parse(text).dump() == text);
}

TEST_CASE("what is no single JSON document is refused") {
  for (const char* text : {"", " ", "{", "[1,", "{}x", "{} {}", "{},{}", "[1]]",
                           "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}", "nul",
                           "{\"a\":\"\xff\"}", "{\"a\" 1}", "{'a':1}", "\xef\xbb\xbf{}"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Json::parse(text), sealos::Error);
  }
}

TEST_CASE("nesting has a limit") {
  CHECK_NOTHROW(Json::parse(std::string(60, '[') + std::string(60, ']')));
  CHECK_THROWS_AS(Json::parse(std::string(100000, '[') + std::string(100000, ']')), sealos::Error);
}

TEST_CASE("members are found, set and erased") {
  Json json = Json::parse(R"({"a":1,"n":null})");
  CHECK(json.at("a").integer("a") == 1);
  CHECK(json.find("n") == nullptr);
  CHECK(json.text_at("none").empty());
  CHECK_THROWS_AS(json.at("none"), sealos::Error);
  CHECK_THROWS_AS(json.text_at("a"), sealos::Error);
  json.set("a", "x");
  json.set("c", Json::Array{1, 2});
  json.erase("n");
  CHECK(json.dump() == R"({"a":"x","c":[1,2]})");
}
