#include <doctest/doctest.h>
#include <sys/stat.h>

#include "oci_test_image.hpp"

namespace fs = std::filesystem;
using namespace sealos;
using namespace sealos::oci::testing;
using oci::Reference;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

TEST_CASE("what is no layout is refused with its name") {
  TempFolder folder;
  const FakeHost host;
  const auto open = [&](const char* details) {
    return Reference(folder.str(details)).open_source(host.host());
  };
  CHECK_THROWS_WITH_AS(open("none"), doctest::Contains("none"), Error);
  CHECK_THROWS_WITH_AS(Reference(folder.str("no/where")), doctest::Contains("there is no folder"),
                       Error);
  fs::create_directory(folder.path / "empty");
  CHECK_THROWS_AS(open("empty"), Error);
  std::ofstream(folder.path / "file") << "x";
  CHECK_THROWS_AS(open("file"), Error);
  CHECK_THROWS_AS(Reference(folder.str("file")).open_destination(host.host()), Error);
  write_image(host, folder.str("l:v1"), {"one"});
  CHECK_THROWS_AS(Reference(folder.str("l:@0")).open_destination(host.host()), Error);
  fs::remove(folder.path / "l/oci-layout");
  CHECK_NOTHROW(open("l"));
  std::ofstream(folder.path / "l/oci-layout") << R"({"imageLayoutVersion":"2.0.0"})";
  CHECK_THROWS_WITH_AS(open("l"), doctest::Contains("2.0.0"), Error);
  CHECK_THROWS_AS(Reference(folder.str("l:v2")).open_destination(host.host()), Error);
}

TEST_CASE("a broken index.json stops a copy before it changes anything") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one"});
  const auto before = files_below(folder.path / "l");
  for (const std::string& text : {std::string("{"), std::string("[]"), std::string(5 << 20, ' '),
                                  std::string("{\"manifests\":[],\"manifests\":[]}")}) {
    std::ofstream(folder.path / "l/index.json") << text;
    CHECK_THROWS_WITH_AS(Reference(folder.str("l:v2")).open_destination(host.host()),
                         doctest::Contains("index.json"), Error);
    CHECK_THROWS_AS(Reference(folder.str("l:v1")).open_source(host.host()), Error);
    CHECK(files_below(folder.path / "l") == before);
    CHECK(content(folder.path / "l/index.json") == text);
  }
}

TEST_CASE("a blob of another size, or that is no file in the layout, is refused") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one"});
  const fs::path file = folder.path / "l" / file_of("one");
  const auto from = Reference(folder.str("l:v1")).open_source(host.host());
  std::ofstream(file) << "on";
  CHECK_THROWS_WITH_AS(from->open_blob(blob_of("one"), 0, -1), doctest::Contains("has 2 bytes"),
                       Error);
  fs::remove(file);
  CHECK_THROWS_WITH_AS(from->open_blob(blob_of("one"), 0, -1),
                       doctest::Contains("there is no blob"), Error);
  fs::create_symlink("/etc/passwd", file);
  CHECK_THROWS_AS(from->open_blob(blob_of("one"), 0, -1), Error);
  fs::remove(file);
  ::mkfifo(file.c_str(), 0644);
  CHECK_THROWS_AS(from->open_blob(blob_of("one"), 0, -1), Error);
}

TEST_CASE("links inside a layout are followed") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one"});
  const fs::path file = folder.path / "l" / file_of("one");
  fs::rename(file, folder.path / "l/blobs/elsewhere");
  fs::create_symlink("../elsewhere", file);
  const auto from = Reference(folder.str("l:v1")).open_source(host.host());
  CHECK(read_stream(*from->open_blob(blob_of("one"), 0, -1), 100, "b") == "one");
}

TEST_CASE("manifests that other tools do not read from a layout are not put into it") {
  TempFolder folder;
  const FakeHost host;
  const auto to = Reference(folder.str("l:v1")).open_destination(host.host());
  try {
    to->put_manifest(std::nullopt, {std::string(oci_layout::kDockerManifest), "{}"});
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.status() == Status::manifest_rejected);
  }
}

TEST_CASE("a blob that is there with a wrong size is replaced, and with wrong content if asked") {
  TempFolder folder;
  FakeHost host;
  write_image(host, folder.str("l:v1"), {"one"});
  const fs::path file = folder.path / "l" / file_of("one");
  Reuse want;
  want.blob = blob_of("one");
  const auto reused = [&] {
    return Reference(folder.str("l:v2")).open_destination(host.host())->try_reuse(want).has_value();
  };
  CHECK(reused());
  std::ofstream(file) << "two";
  CHECK(reused());
  host.options["oci.verify-reused"] = "true";
  CHECK_FALSE(reused());
  std::ofstream(file) << "long";
  host.options.clear();
  CHECK_FALSE(reused());
  write_image(host, folder.str("l:v2"), {"one"});
  CHECK(content(file) == "one");
}
