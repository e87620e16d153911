#include "support/oci_layout/layout_name.hpp"

#include <doctest/doctest.h>

#include "sealos/sdk/error.hpp"

using sealos::oci_layout::LayoutName;

TEST_CASE("the path ends at the first colon") {
  const LayoutName plain = LayoutName::parse("/a/b");
  CHECK(plain.path == "/a/b");
  CHECK(plain.name.empty());
  CHECK(plain.canonical() == "/a/b:");
  CHECK(LayoutName::parse("/a/b:").name.empty());
  CHECK(LayoutName::parse("d:docker.io/x/y:1").name == "docker.io/x/y:1");
  CHECK(LayoutName::parse("d:a:b").canonical() == "d:a:b");
}

TEST_CASE("a position is a decimal number") {
  CHECK(LayoutName::parse("d:@0").position == 0u);
  CHECK(LayoutName::parse("d:@12").canonical() == "d:@12");
  for (const char* text :
       {"d:@", "d:@x", "d:@-1", "d:@0x", "d:@ 1", "d:@99999999999999999999999"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(LayoutName::parse(text), sealos::Error);
  }
}

TEST_CASE("names outside the grammar are refused") {
  for (const char* text :
       {"d:_x", "d:n 1", "d:x/", "d::x", "d:a---b", "d:a..b", "d:/x", "d:x\n", "", ":x"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(LayoutName::parse(text), sealos::Error);
  }
  for (const char* text : {"d:a--b", "d:A.b_c:d@e+f", "d:1"}) {
    CAPTURE(text);
    CHECK_NOTHROW(LayoutName::parse(text));
  }
}
