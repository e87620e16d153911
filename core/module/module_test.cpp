#include "core/module/module.hpp"

#include <doctest/doctest.h>

#include <string>

#include "core/yaml/yaml_module.hpp"
#include "sealos/sdk/error.hpp"

using namespace sealos;

TEST_CASE("a module is opened once, and throws what others can catch") {
  const YamlModule& yaml = module<YamlModule>();
  CHECK(&yaml == &module<YamlModule>());
  CHECK(open_module("yaml") == &yaml);
  CHECK(yaml.parse("a: b").size() == 1);
  CHECK_THROWS_AS(yaml.parse("a: ["), Error);
}

TEST_CASE("one that is missing is named with its path") {
  try {
    open_module("no-such-module");
    FAIL("it was opened");
  } catch (const Error& e) {
    CHECK(e.status() == Status::internal);
    CHECK(e.message().find("/no-such-module.so: ") != std::string::npos);
  }
}
