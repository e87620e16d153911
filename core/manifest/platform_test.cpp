#include "core/manifest/platform.hpp"

#include <doctest/doctest.h>

using sealos::Platform;
using sealos::platform_rank;

TEST_CASE("platforms are written os/architecture/variant") {
  CHECK(Platform::parse("linux/arm/v7") == Platform{"linux", "arm", "v7", ""});
  CHECK(Platform::parse("linux/x86_64").str() == "linux/amd64");
  CHECK(Platform::parse("arm64").str() == "linux/arm64");
  for (const char* bad : {"", "/", "a/b/c/d", "linux/", "linux/ arm"}) {
    CHECK_THROWS_AS(Platform::parse(bad), sealos::Error);
  }
  CHECK_FALSE(Platform::host().architecture.empty());
}

TEST_CASE("a variant goes down to older ones, then to none") {
  const auto arm = [](const char* v) { return Platform{"linux", "arm", v, ""}; };
  CHECK(platform_rank(arm("v7"), arm("v7")) == 0);
  CHECK(platform_rank(arm("v7"), arm("v6")) > 0);
  CHECK(platform_rank(arm("v7"), arm("v6")) < platform_rank(arm("v7"), arm("v5")));
  CHECK(platform_rank(arm("v7"), arm("v5")) < platform_rank(arm("v7"), arm("")));
  CHECK(platform_rank(arm("v6"), arm("v7")) == -1);
  CHECK(platform_rank(arm(""), arm("")) == 0);
  CHECK(platform_rank(arm(""), arm("v8")) == 1);
  CHECK(platform_rank(arm("v7"), Platform{"linux", "arm64", "", ""}) == -1);
  CHECK(platform_rank(Platform{"linux", "arm64", "v8", ""}, Platform{"linux", "arm64", "", ""}) >
        0);
}
