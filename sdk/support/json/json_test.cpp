#include "support/json/json.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string_view>

using sealos::Json;

TEST_CASE("a document is written as it was read") {
  const std::string text =
      R"({"b":1,"a":{"z":[1,-2,true,null,"x\"\\\n"],"y":{}},"big":9007199254740993,"u":"é<>&"})";
  CHECK(Json::parse(text).dump() == text);
}

TEST_CASE("what is no single JSON document is refused") {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,",
                           "{}x",
                           "{} {}",
                           "{},{}",
                           "[1]]",
                           "{\"a\":1,\"a\":2}",
                           "{\"a\":{\"b\":1,\"b\":1}}",
                           "nul",
                           "{\"a\":\"\xff\"}",
                           "{\"a\" 1}",
                           "{'a':1}",
                           "\xef\xbb\xbf{}",
                           "[1,]",
                           "{\"a\":1,}",
                           "// no\n{}",
                           "[01]",
                           "[+1]",
                           "[.5]",
                           "[1.]",
                           "[1e]",
                           "[NaN]",
                           "[Infinity]",
                           "[1e999]",
                           "[\"\t\"]",
                           "[\"\\x\"]",
                           "[\"\\u12\"]",
                           "[\"\\ud800\"]",
                           "[\"\\udc00\"]",
                           "[\"\\ud800\\u0041\"]",
                           "[\"\xc0\xaf\"]",
                           "[\"\xed\xa0\x80\"]",
                           "[\"\xf4\x90\x80\x80\"]",
                           "[\"\xe2\x82\"]",
                           "\xc3\xa9",
                           "{\"a\":1,\"\\u0061\":2}",
                           "[1 2]",
                           "{\"a\":}",
                           "[\"a]",
                           "tru",
                           "[-]"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Json::parse(text), sealos::Error);
  }
}

TEST_CASE("a byte that is zero is no end") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"{}\0"sv, "\0{}"sv, "[\"a\0b\"]"sv, "[1\0]"sv}) {
    CHECK_THROWS_AS(Json::parse(text), sealos::Error);
  }
}

TEST_CASE("escapes and numbers mean what they say") {
  const Json json = Json::parse(
      R"(["\u00e9\ud83d\ude00\u0000\/",-0,9223372036854775807,-9223372036854775808,1.5e3,1E-2])");
  const Json::Array& items = json.items("items");
  CHECK(items[0].string("text") == std::string("é😀\0/", 8));
  CHECK(items[1].integer("n") == 0);
  CHECK(items[2].integer("n") == std::numeric_limits<std::int64_t>::max());
  CHECK(items[3].integer("n") == std::numeric_limits<std::int64_t>::min());
  CHECK(items[4] == Json(1500.0));
  CHECK(items[5] == Json(0.01));
  CHECK(!Json::parse("18446744073709551615").is_integer());
  CHECK(Json::parse(" \t\r\n true \n").boolean("b"));
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
