#include "support/oci_layout/layout_index.hpp"

#include <doctest/doctest.h>

#include "support/digest/hasher.hpp"
#include "support/oci_layout/media_types.hpp"

using namespace sealos;
using namespace sealos::oci_layout;

namespace {

Descriptor image(const std::string& content) {
  return {std::string(kOciManifest), digest_of(content), 7};
}

size_t select(const LayoutIndex& index, const std::string& details) {
  return index.select(LayoutName::parse(details));
}

/// As docker save writes it: the bare tag beside the full name.
Json docker_entry(const std::string& content, const std::string& full, const std::string& tag) {
  Json entry = image(content).json();
  entry.set("annotations",
            Json::object({{std::string(kContainerdName), full}, {std::string(kRefName), tag}}));
  return entry;
}

}  // namespace

TEST_CASE("a name moves from one image to another, which stays without a name") {
  LayoutIndex index;
  CHECK(index.add(image("a"), "v1").empty());
  CHECK(index.add(image("b"), "v1") == digest_of("a").str());
  REQUIRE(index.entries().size() == 2);
  CHECK(index.entries()[0].find("annotations") == nullptr);
  CHECK(select(index, "d:v1") == 1);
  CHECK(index.add(image("a"), "v2").empty());
  CHECK(index.entries().size() == 2);
  CHECK(select(index, "d:v2") == 0);
  CHECK(index.add(image("b"), "v1").empty());
  CHECK(index.entries().size() == 2);
  CHECK(index.names() == std::vector<std::string>{"v2", "v1"});
}

TEST_CASE("what is attached to an image is found by its name, and is no image by itself") {
  LayoutIndex index;
  index.add(image("a"), "v1");
  const std::string name = "sha256-" + std::string(digest_of("a").hex()) + ".sig";
  index.set_attached(image("old"), name);
  index.set_attached(image("new"), name);
  REQUIRE(index.entries().size() == 2);
  CHECK(index.entries()[1].text_at("digest") == digest_of("new").str());
  CHECK(belongs_to_image(index.entries()[1]));
  CHECK_FALSE(belongs_to_image(index.entries()[0]));
  CHECK(select(index, "d") == 0);
  CHECK(select(index, "d:" + name) == 1);
  CHECK(index.names() == std::vector<std::string>{"v1"});
}

TEST_CASE("one image may have several names") {
  LayoutIndex index;
  index.add(image("a"), "v1");
  index.add(image("a"), "v2");
  CHECK(index.entries().size() == 2);
  CHECK(select(index, "d") == 0);
  CHECK(select(index, "d:v2") == 1);
}

TEST_CASE("what is not understood stays") {
  const std::string text =
      R"({"schemaVersion":2,"x":{"y":[1.5,null]},"manifests":[{"mediaType":"application/vnd.oci.image)"
      R"(.manifest.v1+json","digest":"later:1","size":1,"new":true,"annotations":{"k":"v",)"
      R"("org.opencontainers.image.ref.name":"v1"}}],"annotations":{"a":"b"}})";
  LayoutIndex index = LayoutIndex::parse(text);
  CHECK(index.dump() == text);
  index.add(image("a"), "v1");
  CHECK(index.entries()[0].dump() ==
        R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"later:1","size":1,)"
        R"("new":true,"annotations":{"k":"v"}})");
  index.remove(1);
  CHECK(index.entries().size() == 1);
}

TEST_CASE("an unnamed entry of the same digest keeps its annotations when it gets a name") {
  LayoutIndex index;
  Json entry = image("a").json();
  entry.set("annotations", Json::object({{"k", "v"}}));
  index.append(entry);
  index.add(image("a"), "v1");
  REQUIRE(index.entries().size() == 1);
  CHECK(annotation(index.entries()[0], "k") == "v");
  CHECK(annotation(index.entries()[0], kRefName) == "v1");
}

TEST_CASE("errors list what there is") {
  LayoutIndex index;
  CHECK_THROWS_AS(select(index, "d"), Error);
  index.add(image("a"), "v1");
  CHECK(select(index, "d") == 0);
  index.add(image("b"), "");
  CHECK_THROWS_WITH_AS(select(index, "d"), doctest::Contains("@0 v1; @1 without a name"), Error);
  CHECK_THROWS_WITH_AS(select(index, "d:v2"), doctest::Contains("@0 v1"), Error);
  CHECK_THROWS_WITH_AS(select(index, "d:@2"), doctest::Contains("it holds 2"), Error);
  CHECK(select(index, "d:@1") == 1);
}

TEST_CASE("entries that are no images are not chosen and are named as such") {
  LayoutIndex index;
  index.append(Descriptor{"application/x", digest_of("x"), 1}.json());
  index.append(docker_entry("attest", "", ""));
  index.add(image("a"), "v1");
  Json attestation = image("b").json();
  attestation.set("annotations",
                  Json::object({{std::string(kDockerReferenceType), "attestation-manifest"}}));
  LayoutIndex with;
  with.append(Descriptor{"application/x", digest_of("x"), 1}.json());
  with.append(attestation);
  with.add(image("a"), "v1");
  CHECK(select(with, "d") == 2);
  CHECK_THROWS_WITH_AS(select(with, "d:@0"), doctest::Contains("application/x"), Error);
  Json named = Descriptor{"application/x", digest_of("x"), 1}.json();
  named.set("annotations", Json::object({{std::string(kRefName), "n"}}));
  with.append(named);
  CHECK_THROWS_WITH_AS(select(with, "d:n"), doctest::Contains("application/x"), Error);
}

TEST_CASE("full names that docker and containerd write are found, and shared tags are refused") {
  LayoutIndex index;
  index.append(docker_entry("a", "docker.io/library/a:1", "1"));
  CHECK(select(index, "d:1") == 0);
  index.append(docker_entry("b", "docker.io/library/b:1", "1"));
  CHECK(select(index, "d:docker.io/library/b:1") == 1);
  CHECK(select(index, "d:b:1") == 1);
  CHECK_THROWS_WITH_AS(select(index, "d:1"), doctest::Contains("docker.io/library/b:1"), Error);
  CHECK(index.names() ==
        std::vector<std::string>{"docker.io/library/a:1", "docker.io/library/b:1"});
}

TEST_CASE("what is no image index is refused") {
  for (const char* text : {"", "[]", "{\"schemaVersion\":1,\"manifests\":[]}", "{\"manifests\":{}}",
                           "{\"manifests\":[1]}", "{\"manifests\":[{\"digest\":1}]}",
                           "{\"manifests\":[],\"manifests\":[]}"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(LayoutIndex::parse(text), Error);
  }
  CHECK(LayoutIndex::parse("{\"schemaVersion\":2,\"manifests\":null}").entries().empty());
}
