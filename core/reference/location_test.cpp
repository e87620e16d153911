#include "core/reference/location.hpp"

#include <doctest/doctest.h>

#include "sealos/sdk/error.hpp"

namespace {

std::string split(std::string_view text) {
  const auto place = sealos::split_location(text, [](std::string_view n) { return n == "s3"; });
  return place ? place->transport + " " + place->details : "none";
}

}  // namespace

TEST_CASE("a place is split at the first colon if a transport stands before it") {
  CHECK(split("oci:/a:1") == "oci /a:1");
  CHECK(split("docker://r/a:1") == "docker //r/a:1");
  CHECK(split("dir:") == "dir ");
  CHECK(split("s3:bucket") == "s3 bucket");
  CHECK(split("ostree:x") == "ostree x");
}

TEST_CASE("names without a transport are left to the caller") {
  CHECK(split("app:5") == "none");
  CHECK(split("localhost:5000/app:5") == "none");
  CHECK(split("dir") == "none");
  CHECK(split("") == "none");
}

TEST_CASE(
    "what can only be a transport is one, so that the search for its plugin says what is missing") {
  CHECK(split("foo:/bar") == "foo /bar");
  CHECK(split("https://r/a") == "https //r/a");
}
