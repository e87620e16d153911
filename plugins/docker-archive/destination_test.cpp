#include <doctest/doctest.h>

#include "reference.hpp"
#include "support/docker_archive/test_archive.hpp"

namespace fs = std::filesystem;
using namespace sealos;
using namespace sealos::docker_archive::testing;
using docker_archive::Reference;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

namespace {

Blob layer_of(const std::string& text) {
  Blob blob = blob_of(text);
  blob.layer_index = 0;
  blob.media_type = "application/vnd.oci.image.layer.v1.tar";
  return blob;
}

Blob config_blob(const std::string& text) {
  Blob blob = blob_of(text);
  blob.flags = SEALOS_BLOB_CONFIG;
  return blob;
}

void put_image(docker_archive::Destination& to, const std::vector<std::string>& layers) {
  const std::string config = config_of(layers);
  for (const std::string& layer : layers) {
    Reuse want;
    want.blob = layer_of(layer);
    if (!to.try_reuse(want)) to.put_blob(layer_of(layer), *memory_stream(layer));
  }
  to.put_blob(config_blob(config), *memory_stream(config));
}

void write_image(const FakeHost& host, const std::string& details,
                 const std::vector<std::string>& layers) {
  const auto to = Reference(details).open_destination(host.host());
  put_image(*to, layers);
  const Item manifest{std::string(to->manifest_types().front()),
                      manifest_of(config_of(layers), layers)};
  to->put_manifest(std::nullopt, manifest);
  to->commit(manifest);
}

std::string manifest_in(const FakeHost& host, const std::string& details) {
  return Reference(details).open_source(host.host())->read_manifest(std::nullopt).data;
}

}  // namespace

TEST_CASE("a hybrid has the image as Docker and as OCI know it, the same bytes on every run") {
  TempFolder folder;
  FakeHost host;
  host.options["docker-archive.tags"] = "foo:2,localhost/bar";
  write_image(host, folder.str("a.tar:foo:1"), {"one", "two", "one"});
  write_image(host, folder.str("b.tar:foo:1"), {"one", "two", "one"});
  CHECK(content(folder.path / "a.tar") == content(folder.path / "b.tar"));
  const std::string one = "\"blobs/sha256/" + hex_of("one") + "\"";
  CHECK(text_in(folder.str("a.tar"), "manifest.json") ==
        "[{\"Config\":\"blobs/sha256/" + hex_of(config_of({"one", "two", "one"})) +
            R"(","RepoTags":["docker.io/library/foo:1","docker.io/library/foo:2",)"
            R"("localhost/bar:latest"],"Layers":[)" +
            one + ",\"blobs/sha256/" + hex_of("two") + "\"," + one + "]}]");
  const Json index = Json::parse(text_in(folder.str("a.tar"), "index.json"));
  REQUIRE(index.at("manifests").items("m").size() == 3);
  CHECK(index.at("manifests").items("m")[2].at("annotations").dump() ==
        R"({"io.containerd.image.name":"localhost/bar:latest",)"
        R"("org.opencontainers.image.ref.name":"latest"})");
  const std::string manifest = manifest_of(config_of({"one", "two", "one"}), {"one", "two", "one"});
  for (const char* name : {":foo:1", ":localhost/bar", ""})
    CHECK(manifest_in(host, folder.str("a.tar") + name) == manifest);
}

TEST_CASE("the plain form has uncompressed layers and no OCI part") {
  TempFolder folder;
  FakeHost host;
  host.options["docker-archive.format"] = "plain";
  const auto to = Reference(folder.str("a.tar:foo:1")).open_destination(host.host());
  CHECK(to->compression() == LayerCompression::decompress);
  CHECK(to->manifest_types() == std::vector<std::string>{std::string(oci_layout::kDockerManifest)});
  write_image(host, folder.str("b.tar:foo:1"), {"one"});
  CHECK(text_in(folder.str("b.tar"), hex_of("one") + ".tar") == "one");
  CHECK(text_in(folder.str("b.tar"), hex_of(config_of({"one"})) + ".json") == config_of({"one"}));
  CHECK(text_in(folder.str("b.tar"), "index.json") == "nothing");
  CHECK_NOTHROW(manifest_in(host, folder.str("b.tar:foo:1")));
  host.options["docker-archive.format"] = "round";
  CHECK_THROWS_AS(Reference(folder.str("c.tar")).open_destination(host.host()), Error);
}

TEST_CASE("a file that exists is refused, added to or replaced, as asked") {
  TempFolder folder;
  FakeHost host;
  const std::string path = folder.str("a.tar");
  write_image(host, path + ":foo:1", {"one"});
  const std::string before = content(path);
  CHECK_THROWS_WITH_AS(write_image(host, path + ":bar:1", {"two"}),
                       doctest::Contains("docker-archive.existing=add"), Error);
  CHECK(content(path) == before);
  host.options["docker-archive.existing"] = "add";
  write_image(host, path + ":bar:1", {"two"});
  write_image(host, path + ":baz:1", {"one"});
  CHECK(manifest_in(host, path + ":foo:1") == manifest_of(config_of({"one"}), {"one"}));
  CHECK(manifest_in(host, path + ":baz:1") == manifest_of(config_of({"one"}), {"one"}));
  CHECK(manifest_in(host, path + ":bar:1") == manifest_of(config_of({"two"}), {"two"}));
  CHECK(Json::parse(text_in(path, "manifest.json")).items("m").size() == 2);
  write_image(host, path + ":bar:1", {"three"});
  CHECK(manifest_in(host, path + ":bar:1") == manifest_of(config_of({"three"}), {"three"}));
  CHECK(text_in(path, archive_path_of(digest_of("two"))) == "nothing");
  host.options["docker-archive.existing"] = "replace";
  write_image(host, path + ":last:1", {"one"});
  CHECK(Reference(path).list_tags(host.host()) ==
        std::vector<std::string>{"docker.io/library/last:1"});
}

TEST_CASE("images are added to what an old Docker has written") {
  TempFolder folder;
  FakeHost host;
  const std::string config = config_of({"one"});
  TestArchive()
      .add("a/layer.tar", "one")
      .link("b/layer.tar", "../a/layer.tar")
      .add("c.json", config)
      .add("manifest.json", Json(Json::Array{item("c.json", {"b/layer.tar"}, {"old:1"})}).dump())
      .write(folder.str("a.tar"));
  host.options["docker-archive.existing"] = "add";
  write_image(host, folder.str("a.tar:new:1"), {"two"});
  CHECK(manifest_in(host, folder.str("a.tar:new:1")) == manifest_of(config_of({"two"}), {"two"}));
  const auto old = Reference(folder.str("a.tar:old:1")).open_source(host.host());
  CHECK(read_stream(*old->open_blob(blob_of("one"), 0, -1), 10, "b") == "one");
}

TEST_CASE("an index is described by the image for this machine, else the first") {
  TempFolder folder;
  const FakeHost host;
  const auto to = Reference(folder.str("a.tar:foo:1")).open_destination(host.host());
  Json children = Json::array();
  for (const char* layer : {"one", "two"}) {
    put_image(*to, {layer});
    const std::string manifest = manifest_of(config_of({layer}), {layer});
    to->put_manifest(digest_of(manifest), {std::string(oci_layout::kOciManifest), manifest});
    children.push_back(descriptor(oci_layout::kOciManifest, manifest));
  }
  const std::string index = Json::object({{"schemaVersion", 2}, {"manifests", children}}).dump();
  to->put_manifest(std::nullopt, {std::string(oci_layout::kOciIndex), index});
  to->commit({std::string(oci_layout::kOciIndex), index});
  CHECK(manifest_in(host, folder.str("a.tar:foo:1")) == index);
  const Json items = Json::parse(text_in(folder.str("a.tar"), "manifest.json"));
  CHECK(items.items("m")[0].at("Layers").items("l")[0] == archive_path_of(digest_of("one")));
}

TEST_CASE("layers that Docker could not use are refused before they are written") {
  TempFolder folder;
  const FakeHost host;
  const auto to = Reference(folder.str("a.tar")).open_destination(host.host());
  for (const char* compression : {"xz", "bzip2"}) {
    Blob blob = layer_of("x");
    blob.compression = compression;
    CHECK_THROWS_AS(to->put_blob(blob, *memory_stream("x")), Error);
  }
  for (const char* type :
       {"application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "application/wasm",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}) {
    Blob blob = layer_of("x");
    blob.media_type = type;
    CHECK_THROWS_AS(to->put_blob(blob, *memory_stream("x")), Error);
  }
  Blob zstd = layer_of("x");
  zstd.compression = "zstd";
  CHECK_NOTHROW(to->put_blob(zstd, *memory_stream("x")));
  REQUIRE(host.logs.size() == 1);
  CHECK(host.logs[0].find("zstd") != std::string::npos);
}

TEST_CASE("an archive that is not committed leaves nothing") {
  TempFolder folder;
  const FakeHost host;
  {
    const auto to = Reference(folder.str("a.tar")).open_destination(host.host());
    put_image(*to, {"one"});
    to->abort();
  }
  CHECK(fs::is_empty(folder.path));
  CHECK_THROWS_AS(Reference(folder.str("a.tar:@0")).open_destination(host.host()), Error);
}
