#include "challenge.hpp"

#include <doctest/doctest.h>

using sealos::docker::Challenge;
using sealos::docker::parse_challenges;

TEST_CASE("a comma inside quotes does not end a scope") {
  const auto found = parse_challenges(
      {R"(Bearer realm="https://auth/token",service="reg",scope="repository:a/b:pull,push repository:c:pull")"});
  REQUIRE(found.size() == 1);
  CHECK(found[0].scheme == "bearer");
  CHECK(found[0].text("realm") == "https://auth/token");
  CHECK(found[0].text("scope") == "repository:a/b:pull,push repository:c:pull");
}

TEST_CASE("several challenges may stand in one field, or in several") {
  const auto found = parse_challenges(
      {R"(Negotiate, BASIC realm="a \"b\"", Bearer Realm=x,service=y)", "Digest abc=="});
  REQUIRE(found.size() == 4);
  CHECK(found[0].scheme == "negotiate");
  CHECK(found[1].scheme == "basic");
  CHECK(found[1].text("realm") == "a \"b\"");
  CHECK(found[2].text("realm") == "x");
  CHECK(found[2].text("service") == "y");
  CHECK(found[3].scheme == "digest");
}

TEST_CASE("nonsense is left out and ends") {
  CHECK(parse_challenges({""}).empty());
  CHECK(parse_challenges({",,, ,"}).empty());
  CHECK(parse_challenges({"\"\"\"\""}).empty());
  CHECK(parse_challenges({"Bearer realm=\"open"})[0].text("realm") == "open");
  CHECK(parse_challenges({"Bearer ="}).size() == 1);
}
