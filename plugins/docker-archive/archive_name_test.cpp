#include "archive_name.hpp"

#include <doctest/doctest.h>

#include "reference.hpp"
#include "support/docker_archive/test_archive.hpp"

using namespace sealos;
using namespace sealos::docker_archive::testing;
using docker_archive::ArchiveName;
using docker_archive::Reference;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

TEST_CASE("names of images in an archive") {
  CHECK(ArchiveName::parse("x.tar").canonical() == "x.tar");
  CHECK(ArchiveName::parse("x.tar:foo").canonical() == "x.tar:docker.io/library/foo:latest");
  CHECK(ArchiveName::parse("x.tar:index.docker.io/foo:1").canonical() ==
        "x.tar:docker.io/library/foo:1");
  CHECK(ArchiveName::parse("x.tar:@+2").position == 2u);
  const std::string digest = "sha256:" + std::string(64, 'a');
  for (const std::string& details :
       {std::string(), std::string("x.tar:"), std::string("x.tar:@"), std::string("x.tar:@x"),
        std::string("x.tar:@-1"), std::string("x.tar:FOO:1"), "x.tar:" + std::string(64, 'a'),
        "x.tar:foo@" + digest, "x.tar:foo:1@" + digest}) {
    CAPTURE(details);
    CHECK_THROWS_AS(ArchiveName::parse(details), Error);
  }
}

TEST_CASE("the names in an archive are listed, and a part of it can be preferred") {
  TempFolder folder;
  FakeHost host;
  const std::string config = config_of({"one"});
  TestArchive()
      .add("l", "one")
      .add("c", config)
      .add("manifest.json",
           Json(Json::Array{item("c", {"l"}, {"foo:1", "localhost/bar:2"})}).dump())
      .write(folder.str("a.tar"));
  const Reference reference(folder.str("a.tar"));
  CHECK(reference.list_tags(host.host()) == std::vector<std::string>{"foo:1", "localhost/bar:2"});
  CHECK_NOTHROW(reference.open_source(host.host()));
  host.options["docker-archive.prefer"] = "oci";
  CHECK_THROWS_WITH_AS(reference.open_source(host.host()), doctest::Contains("no manifest.json"),
                       Error);
  host.options["docker-archive.prefer"] = "me";
  CHECK_THROWS_WITH_AS(reference.open_source(host.host()), doctest::Contains("oci or docker"),
                       Error);
}
