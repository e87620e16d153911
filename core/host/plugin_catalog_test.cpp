#include "core/host/plugin_catalog.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "sealos/sdk/error.hpp"
#include "support/testing/temp_folder.hpp"

using sealos::PluginCatalog;
using sealos::testing::TempFolder;

namespace {

void write(const TempFolder& folder, const std::string& name, const std::string& text) {
  sealos::replace_file(folder.fd.get(), name, text);
}

std::string manifest(const std::string& name, const std::string& transport) {
  return R"({"name":")" + name + R"(","version":"1","abi":1,"library":")" + name +
         R"(.so","transports":[")" + transport + R"("]})";
}

}  // namespace

TEST_CASE("the first folder to claim a transport has it") {
  TempFolder first, second;
  write(first, "a.json", manifest("a", "x"));
  write(second, "b.json", manifest("b", "x"));
  write(second, "c.json", manifest("c", "y"));
  const auto catalog = PluginCatalog::scan({first.path, "/nonexistent/folder", second.path});
  REQUIRE(catalog.plugins().size() == 3);
  CHECK(catalog.find("x")->name == "a");
  CHECK(catalog.find("x")->library == first.str("a.so"));
  CHECK(catalog.find("y")->name == "c");
  CHECK(catalog.is_shadowed(catalog.plugins()[1], "x"));
  CHECK(catalog.find("z") == nullptr);
}

TEST_CASE("manifests that cannot be used are listed with the reason") {
  TempFolder folder;
  write(folder, "a.json", "no json");
  write(folder, "b.json", R"({"name":"b","abi":1,"library":"../../evil.so","transports":["b"]})");
  write(folder, "c.json", R"({"name":"c","abi":1,"library":"c.so"})");
  write(folder, "ignored.txt", "x");
  const auto catalog = PluginCatalog::scan({folder.path});
  CHECK(catalog.plugins().empty());
  REQUIRE(catalog.broken().size() == 3);
  CHECK(catalog.broken()[2].why.find("transports") != std::string::npos);
}

TEST_CASE("a missing transport is named with the folders and the package") {
  TempFolder folder;
  const auto catalog = PluginCatalog::scan({folder.path});
  try {
    catalog.throw_missing("ostree");
  } catch (const sealos::Error& e) {
    CHECK(e.message().find("\"ostree\"") != std::string::npos);
    CHECK(e.message().find(folder.path.string()) != std::string::npos);
    CHECK(e.message().find("sealos-transport-ostree") != std::string::npos);
  }
}
