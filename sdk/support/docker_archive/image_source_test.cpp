#include "support/docker_archive/image_source.hpp"

#include <doctest/doctest.h>

#include "support/compression/compression.hpp"
#include "support/docker_archive/test_archive.hpp"

using namespace sealos;
using namespace sealos::docker_archive::testing;
using docker_archive::ImageSource;
using docker_archive::ReadOptions;
using docker_archive::WantedImage;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;
using Prefer = ReadOptions::Prefer;

namespace {

const std::string kConfig = config_of({"one", "two"});
const std::string kOther = config_of({"two"}, "other");

/// place: the path, and after a colon a name or "@" and a position.
std::unique_ptr<ImageSource> open(const FakeHost& host, const std::string& place,
                                  Prefer prefer = Prefer::agreement) {
  const size_t colon = place.find(':');
  WantedImage wanted;
  if (colon != std::string::npos) {
    const std::string which = place.substr(colon + 1);
    if (which.starts_with('@')) {
      wanted.position = std::stoul(which.substr(1));
    } else {
      wanted.name = docker_archive::parse_tagged(which);
    }
  }
  const auto tar = open_archive(host.host(), place.substr(0, colon));
  return std::make_unique<ImageSource>(host.host(), "test", tar, wanted,
                                       ReadOptions{prefer, "choose one"});
}

std::string read(ImageSource& source, const std::string& text) {
  return read_stream(*source.open_blob(blob_of(text), 0, -1), 1 << 20, "blob");
}

/// As Docker 20.10 writes two images: a layer that was there already is a link.
void write_old(const std::string& path) {
  const Json items = Json::Array{
      item(hex_of(kConfig) + ".json", {"a/layer.tar", "b/layer.tar"}, {"foo:1", "bar:2"}),
      item(hex_of(kOther) + ".json", {"c/layer.tar"}, {"localhost/foo:1"})};
  TestArchive()
      .add("a/layer.tar", "one")
      .link("c/layer.tar", "../b/layer.tar")
      .add("b/layer.tar", "two")
      .add(hex_of(kConfig) + ".json", kConfig)
      .add(hex_of(kOther) + ".json", kOther)
      .add("manifest.json", items.dump())
      .write(path);
}

Json entry_of(const std::string& manifest, const std::string& name) {
  Json entry = descriptor(oci_layout::kOciManifest, manifest);
  if (!name.empty()) {
    entry.set("annotations", Json::object({{std::string(oci_layout::kContainerdName), name},
                                           {std::string(oci_layout::kRefName), "1"}}));
  }
  return entry;
}

/// A hybrid whose index.json has one entry.
void write_hybrid(const std::string& path, const std::string& manifest, const std::string& name) {
  const Json items = Json::Array{
      item("blobs/sha256/" + hex_of(kConfig),
           {"blobs/sha256/" + hex_of("one"), "blobs/sha256/" + hex_of("two")}, {"foo:1"})};
  const Json index =
      Json::object({{"schemaVersion", 2}, {"manifests", Json::Array{entry_of(manifest, name)}}});
  TestArchive()
      .blob("one")
      .blob("two")
      .blob(kConfig)
      .blob(manifest)
      .add("oci-layout", std::string(oci_layout::kLayoutFile))
      .add("index.json", index.dump())
      .add("manifest.json", items.dump())
      .write(path);
}

}  // namespace

TEST_CASE("images are found by name and position, and layers through links") {
  TempFolder folder;
  const FakeHost host;
  write_old(folder.str("a.tar"));
  for (const char* name : {":foo:1", ":docker.io/library/bar:2", ":@0"}) {
    CAPTURE(name);
    const auto source = open(host, folder.str("a.tar") + name);
    CHECK(read(*source, "one") == "one");
    CHECK(read(*source, "two") == "two");
    CHECK(read(*source, kConfig) == kConfig);
  }
  const auto other = open(host, folder.str("a.tar:localhost/foo:1"));
  CHECK(read(*other, "two") == "two");
  CHECK(other->open_blob(blob_of("two"), 0, -1)->fd() >= 0);
  CHECK_THROWS_AS(other->open_blob(blob_of("one"), 0, -1), Error);
  CHECK(read_stream(*other->open_blob(blob_of(kOther), 1, 5), 10, "part") == kOther.substr(1, 5));
  CHECK(read_stream(*other->open_blob(blob_of("two"), 2, -1), 10, "part") == "o");
  CHECK_THROWS_AS(other->open_blob(blob_of(kOther), 1, 1 << 20), Error);
  CHECK_THROWS_WITH_AS(open(host, folder.str("a.tar")), doctest::Contains("@1 localhost/foo:1"),
                       Error);
  CHECK_THROWS_WITH_AS(open(host, folder.str("a.tar:foo")), doctest::Contains("foo:latest"), Error);
  CHECK_THROWS_AS(open(host, folder.str("a.tar:@2")), Error);
}

TEST_CASE("without an OCI part the manifest is the one that skopeo makes") {
  TempFolder folder;
  const FakeHost host;
  write_old(folder.str("a.tar"));
  const auto source = open(host, folder.str("a.tar:@1"));
  CHECK(source->read_manifest(std::nullopt).data ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",)"
        R"("config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":)" +
            std::to_string(kOther.size()) + R"(,"digest":")" + digest_of(kOther).str() +
            R"("},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip",)"
            R"("size":3,"digest":")" +
            digest_of("two").str() + "\"}]}");
  const auto infos = source->layer_infos(std::nullopt);
  REQUIRE(infos.size() == 1);
  CHECK(infos[0].compression == "");
  CHECK(infos[0].digest == digest_of("two"));
}

TEST_CASE("compressed layers of an old archive are read uncompressed") {
  TempFolder folder;
  const FakeHost host;
  const std::string layer(100000, 'x');
  const std::string config = config_of({layer});
  const std::string packed =
      read_stream(*compress(memory_stream(layer), Compression::gzip), 1 << 20, "layer");
  TestArchive()
      .add("l", packed)
      .add("c", config)
      .add("manifest.json", Json(Json::Array{item("c", {"l"}, {})}).dump())
      .write(folder.str("a.tar"));
  const auto source = open(host, folder.str("a.tar"));
  CHECK(source->layer_infos(std::nullopt)[0].size == 100000);
  CHECK(read(*source, layer) == layer);
}

TEST_CASE("an OCI part that agrees gives the original manifest") {
  TempFolder folder;
  const FakeHost host;
  const std::string manifest = manifest_of(kConfig, {"one", "two"});
  for (const char* name : {"docker.io/library/foo:1", ""}) {
    write_hybrid(folder.str("a.tar"), manifest, name);
    for (const char* details : {"a.tar", "a.tar:foo:1", "a.tar:@0"}) {
      const auto source = open(host, folder.str(details));
      CHECK(source->read_manifest(std::nullopt).data == manifest);
      CHECK(source->layer_infos(std::nullopt).size() == 2);
      CHECK(read(*source, "one") == "one");
    }
  }
}

TEST_CASE("an OCI part that says something else is refused, or chosen by an option") {
  TempFolder folder;
  const FakeHost host;
  const std::string manifest = manifest_of(kOther, {"two"});
  write_hybrid(folder.str("a.tar"), manifest, "docker.io/library/foo:1");
  CHECK_THROWS_WITH_AS(open(host, folder.str("a.tar")),
                       doctest::Contains("different images; choose one"), Error);
  const auto oci = open(host, folder.str("a.tar:foo:1"), Prefer::oci);
  CHECK(oci->read_manifest(std::nullopt).data == manifest);
  CHECK(read(*open(host, folder.str("a.tar"), Prefer::docker), kConfig) == kConfig);
  write_hybrid(folder.str("a.tar"), manifest_of(kConfig, {"two", "one"}),
               "docker.io/library/foo:1");
  CHECK_THROWS_AS(open(host, folder.str("a.tar")), Error);
  write_hybrid(folder.str("a.tar"), manifest, "docker.io/library/bar:1");
  CHECK(open(host, folder.str("a.tar"))->layer_infos(std::nullopt)[0].compression == "");
}

TEST_CASE("archives that are broken or hostile are refused") {
  TempFolder folder;
  const FakeHost host;
  const std::string path = folder.str("a.tar");
  const auto refuse = [&](const TestArchive& archive, const char* why) {
    archive.write(path);
    CHECK_THROWS_WITH_AS(open(host, path), doctest::Contains(why), Error);
  };
  const auto items = [](Json one) { return Json(Json::Array{std::move(one)}).dump(); };
  const std::string good = items(item("c", {"l", "m"}, {}));
  refuse(TestArchive().add("x", "x"), "no Docker archive");
  refuse(TestArchive().add("repositories", "{}"), "before 1.10");
  refuse(TestArchive().add("manifest.json", "{}"), "manifest.json");
  refuse(TestArchive().add("manifest.json", "[]"), "not one image");
  refuse(TestArchive().add("manifest.json", good).add("manifest.json", good), "more than one");
  refuse(TestArchive().add("manifest.json", good), "not in the archive");
  refuse(TestArchive().add("manifest.json", good).add("c", kConfig), "not in the archive");
  refuse(TestArchive().add("manifest.json", good).add("c", "{}"), "rootfs");
  refuse(TestArchive().add("manifest.json", good).add("c", kOther), "names 2 layers");
  refuse(TestArchive()
             .add("manifest.json", items(item("c", {"l", "l"}, {})))
             .add("c", kConfig)
             .add("l", "one"),
         "two different layers");
  refuse(TestArchive().add("manifest.json", good).add("c", kConfig).link("l", "../../etc/passwd"),
         "out of the archive");
  refuse(TestArchive().add("manifest.json", good).add("c", kConfig).link("l", "m").link("m", "l"),
         "circle");
  refuse(
      TestArchive().add("manifest.json", good).add("c", kConfig).add("l", "one").add("./l", "uno"),
      "more than one");
  const std::string named = hex_of("x") + ".json";
  refuse(TestArchive().add("manifest.json", items(item(named, {"l", "m"}, {}))).add(named, kConfig),
         "does not have that digest");
}
