#include "certs.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;

namespace {
void touch(const testing::TempFolder& folder, const std::string& name) {
  std::ofstream(folder.path / name) << "x";
}
}  // namespace

TEST_CASE("a folder's authorities and client pairs are found by their extensions") {
  const testing::TempFolder folder;
  for (const char* name : {"b.crt", "a.crt", "me.cert", "me.key", "README"}) touch(folder, name);
  testing::FakeHost host;
  host.options["cert-dir"] = folder.path.string();
  const auto options = docker::tls_options(host.host(), "reg", true);
  CHECK(options.verify);
  CHECK(options.ca_files == std::vector<std::string>{folder.str("a.crt"), folder.str("b.crt")});
  REQUIRE(options.client_pairs.size() == 1);
  CHECK(options.client_pairs[0].key == folder.str("me.key"));
}

TEST_CASE("half a pair is refused, by name; a missing folder has nothing") {
  const testing::TempFolder folder;
  touch(folder, "me.cert");
  http::TlsOptions options;
  CHECK_THROWS_WITH_AS(docker::read_certificate_folder(folder.path.string(), options),
                       doctest::Contains("me.key"), Error);
  std::filesystem::rename(folder.path / "me.cert", folder.path / "me.key");
  CHECK_THROWS_WITH_AS(docker::read_certificate_folder(folder.path.string(), options),
                       doctest::Contains("me.cert"), Error);
  CHECK_NOTHROW(docker::read_certificate_folder(folder.str("none"), options));
}
