#include "destination.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "manifest_layers.hpp"
#include "reference.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/tar_builder.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::containers_storage;
using sealos::layer_tar::testing::TarBuilder;
namespace fs = std::filesystem;

namespace {

/// Without the rights that a store needs there is nothing to test but the refusal.
bool may_write() { return !Environment::of_this_process().rootless; }

struct Target {
  sealos::testing::FakeHost host;
  sealos::testing::TempFolder folder;
  std::string driver = "overlay";

  std::string details(const std::string& image) const {
    return "[" + driver + "@" + folder.str("g") + "+" + folder.str("r") + "]" + image;
  }
  Reference reference(const std::string& image) const { return {host.host(), details(image)}; }

  static Blob layer_blob(const std::string& bytes, std::int64_t index) {
    Blob blob;
    blob.digest = digest_of(bytes);
    blob.layer_index = index;
    return blob;
  }
  static Item manifest_of(const std::vector<std::string>& tars, const std::string& config) {
    std::string layers;
    for (const std::string& tar : tars) {
      layers += (layers.empty() ? "" : ",") +
                ("{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"" +
                 digest_of(tar).str() + "\",\"size\":" + std::to_string(tar.size()) + "}");
    }
    return {kOciManifest,
            "{\"schemaVersion\":2,\"config\":{\"digest\":\"" + digest_of(config).str() +
                "\",\"size\":" + std::to_string(config.size()) + "},\"layers\":[" + layers + "]}"};
  }
  static std::string config_of(const std::vector<std::string>& tars) {
    std::string diff_ids;
    for (const std::string& tar : tars)
      diff_ids += (diff_ids.empty() ? "\"" : ",\"") + digest_of(tar).str() + "\"";
    return "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" + diff_ids + "]}}";
  }
  static void put_config(Destination& destination, const std::string& config) {
    Blob blob;
    blob.flags = SEALOS_BLOB_CONFIG;
    blob.digest = digest_of(config);
    destination.put_blob(blob, *memory_stream(config));
  }
  /// Writes an image of these layers, the last one first. Returns its ID.
  std::string write(const std::string& name, const std::vector<std::string>& tars,
                    bool reuse = false) const {
    const auto destination = reference(name).open_destination(host.host());
    for (size_t i = tars.size(); i-- > 0;) {
      Reuse want;
      want.blob = layer_blob(tars[i], static_cast<std::int64_t>(i));
      if (reuse && destination->try_reuse(want)) continue;
      destination->put_blob(want.blob, *memory_stream(tars[i]));
    }
    const std::string config = config_of(tars);
    put_config(*destination, config);
    const Item manifest = manifest_of(tars, config);
    destination->put_manifest(std::nullopt, manifest);
    destination->commit(manifest);
    return std::string(digest_of(config).hex());
  }
  std::vector<std::string> read(const std::string& name) const {
    const auto source = reference(name).open_source(host.host());
    std::vector<std::string> out;
    for (const Blob& layer : source->layer_infos(std::nullopt))
      out.push_back(read_stream(*source->open_blob(layer, 0, -1), 1 << 24, "a layer"));
    return out;
  }
  std::string layers_json() const {
    const std::string path = folder.str("g/" + driver + "-layers/layers.json");
    return read_all(open_at(AT_FDCWD, path, O_RDONLY).get(), path, 1 << 20);
  }
};

const std::string kBase = TarBuilder().folder("d/").file("d/a", "one").file("e/x", "y").done();
const std::string kTop =
    TarBuilder().file("d/.wh.a", "").file("e/z", std::string(9000, 'z')).done();

}  // namespace

TEST_CASE("what is written is read back byte for byte, from overlay and vfs") {
  if (!may_write()) return;
  for (const char* driver : {"overlay", "vfs"}) {
    Target target;
    target.driver = driver;
    const std::vector<std::string> tars{kBase, kTop, kTop};
    target.write("localhost/app:1", tars);
    CHECK(target.read("localhost/app:1") == tars);
    CHECK_FALSE(fs::exists(target.folder.str("g/sealos-staging")));
    CHECK(target.layers_json().find("incomplete") == std::string::npos);
  }
}

TEST_CASE("layers have the IDs that other tools give them") {
  const Digest base = digest_of(kBase), top = digest_of(kTop);
  CHECK(layer_id("", base) == base.hex());
  CHECK(layer_id(std::string(base.hex()), top) ==
        digest_of(std::string(base.hex()) + "+" + std::string(top.hex())).hex());
}

TEST_CASE("overlay has its whiteouts, and folders that a tar only implies look as below") {
  if (!may_write()) return;
  const Target target;
  TarBuilder base;
  base.add({"e/", '5', "", "", -1, 0700, 7}).file("d/a", "1");
  target.write("localhost/app:1", {base.done(), kTop});
  const std::string id = layer_id(std::string(digest_of(base.done()).hex()), digest_of(kTop));
  const fs::path diff = target.folder.path / "g/overlay" / id / "diff";
  struct stat st;
  REQUIRE(::lstat((diff / "d/a").c_str(), &st) == 0);
  CHECK(S_ISCHR(st.st_mode));
  CHECK(st.st_rdev == 0);
  REQUIRE(::lstat((diff / "e").c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0700);
  CHECK(st.st_mtim.tv_sec == 7);
}

TEST_CASE("opaque folders and what replaces a removed one hide what is below") {
  if (!may_write()) return;
  const Target target;
  TarBuilder tar;
  tar.folder("o/").file("o/.wh..wh..opq", "").file(".wh.r", "").folder("r/").file("p/x", "1");
  tar.file(".wh.p", "");
  target.write("localhost/app:1", {tar.done()});
  const fs::path diff = target.folder.path / "g/overlay" / digest_of(tar.done()).hex() / "diff";
  for (const char* name : {"o", "r", "p"}) {
    char value[4] = "";
    CHECK(::getxattr((diff / name).c_str(), "trusted.overlay.opaque", value, 4) == 1);
    CHECK(value[0] == 'y');
  }
  CHECK_FALSE(fs::exists(diff / "o/.wh..wh..opq"));
  CHECK(target.read("localhost/app:1")[0] == tar.done());
}

TEST_CASE("layers that the store has are used again, also in another place") {
  if (!may_write()) return;
  const Target target;
  target.write("localhost/app:1", {kBase, kTop});
  const std::string before = target.layers_json();
  target.write("localhost/app:2", {kBase, kTop}, true);
  CHECK(target.layers_json() == before);
  target.write("localhost/app:3", {kTop, kBase}, true);
  CHECK(target.read("localhost/app:3") == std::vector<std::string>{kTop, kBase});
}

TEST_CASE("a name moves from the image that had it") {
  if (!may_write()) return;
  const Target target;
  const std::string first = target.write("localhost/app:1", {kBase});
  target.write("localhost/app:1", {kTop});
  CHECK(target.read("localhost/app:1") == std::vector<std::string>{kTop});
  CHECK(target.read(first) == std::vector<std::string>{kBase});
}

TEST_CASE("removing takes the name, then the image, and layers only when nothing needs them") {
  if (!may_write()) return;
  const Target target;
  target.write("localhost/app:1", {kBase});
  target.write("localhost/app:2", {kBase, kTop});
  target.write("localhost/again:2", {kBase, kTop});
  CHECK_THROWS_WITH_AS(
      target.reference("localhost/again:2").remove(target.host.host(), SEALOS_REMOVE_ONLY_INDEX),
      doctest::Contains("no list"), Error);
  target.reference("localhost/again:2").remove(target.host.host());
  CHECK(target.read("localhost/app:2").size() == 2);
  target.reference("localhost/app:2").remove(target.host.host());
  CHECK_THROWS_AS(target.read("localhost/app:2"), Error);
  CHECK(target.read("localhost/app:1").size() == 1);
  CHECK_THROWS_AS(target.reference("localhost/app:2").remove(target.host.host()), Error);
  target.reference("localhost/app:1").remove(target.host.host());
  CHECK(target.layers_json() == "[]");
  CHECK(std::distance(fs::directory_iterator(target.folder.str("g/overlay")), {}) == 1);
  CHECK(fs::is_empty(target.folder.str("g/overlay/l")));
}

TEST_CASE("an incomplete layer of a killed writer is replaced") {
  if (!may_write()) return;
  const Target target;
  const std::string id(digest_of(kBase).hex());
  target.write("localhost/other:1", {kTop});
  Json records = Json::parse(target.layers_json());
  Json record = Json::parse("{\"id\":\"" + id + "\",\"flags\":{\"incomplete\":true}}");
  records.push_back(record);
  std::ofstream(target.folder.str("g/overlay-layers/layers.json")) << records.dump();
  fs::create_directories(target.folder.str("g/overlay/" + id + "/diff/rest"));
  target.write("localhost/app:1", {kBase});
  CHECK(target.read("localhost/app:1") == std::vector<std::string>{kBase});
  CHECK_FALSE(fs::exists(target.folder.str("g/overlay/" + id + "/diff/rest")));
}

TEST_CASE("what a writer left that was killed while it wrote records is removed") {
  if (!may_write()) return;
  const Target target;
  target.write("localhost/other:1", {kTop});
  const fs::path layers = target.folder.path / "g/overlay-layers";
  const fs::path images = target.folder.path / "g/overlay-images";
  std::ofstream(layers / ".layers.json.0123456789abcdef") << "[]";
  std::ofstream(images / ".images.json.0123456789abcdef") << "[]";
  fs::create_directories(images / std::string(64, 'a'));
  target.write("localhost/app:1", {kBase});
  CHECK_FALSE(fs::exists(layers / ".layers.json.0123456789abcdef"));
  CHECK_FALSE(fs::exists(images / ".images.json.0123456789abcdef"));
  CHECK_FALSE(fs::exists(images / std::string(64, 'a')));
  CHECK(target.read("localhost/other:1") == std::vector<std::string>{kTop});
}

TEST_CASE("what does not fit together is refused, and the store stays as it was") {
  if (!may_write()) return;
  const Target target;
  target.write("localhost/app:1", {kBase});
  const std::string before = target.layers_json();
  const auto destination = target.reference("localhost/app:2").open_destination(target.host.host());
  CHECK_THROWS_AS(destination->put_blob(Target::layer_blob("no tar", 0), *memory_stream("no tar")),
                  Error);
  CHECK_THROWS_AS(destination->put_manifest(std::nullopt, {"text/plain", "{}"}), Error);
  CHECK_THROWS_AS(destination->commit({"", "{}"}), Error);
  destination->abort();
  CHECK(target.layers_json() == before);
  CHECK_FALSE(fs::exists(target.folder.str("g/sealos-staging")));
}

TEST_CASE("several writers, each with several layers at once, lose nothing") {
  if (!may_write()) return;
  for (const char* driver : {"overlay", "vfs"}) {
    Target target;
    target.driver = driver;
    const auto tar_of = [](size_t writer, size_t layer) {
      TarBuilder tar;
      tar.folder("d").file(".wh.gone", "").symlink("s", "d");
      for (int i = 0; i < 20; ++i)
        tar.file("s/" + std::to_string(i), std::string(3000, static_cast<char>('a' + layer)));
      // The first layer is the same for all.
      return tar.file("own", layer == 0 ? "" : std::to_string(writer)).done();
    };
    const auto tars_of = [&](size_t writer) {
      std::vector<std::string> tars;
      for (size_t layer = 0; layer < 4; ++layer) tars.push_back(tar_of(writer, layer));
      return tars;
    };
    std::vector<std::thread> writers;
    for (size_t writer = 0; writer < 4; ++writer) {
      writers.emplace_back([&, writer] {
        const std::vector<std::string> tars = tars_of(writer);
        const auto destination = target.reference("localhost/app:" + std::to_string(writer))
                                     .open_destination(target.host.host());
        std::vector<std::thread> layers;
        for (size_t i = 0; i < tars.size(); ++i) {
          layers.emplace_back([&, i] {
            const Blob blob = Target::layer_blob(tars[i], static_cast<std::int64_t>(i));
            if (!destination->try_reuse({blob, {}, {}}))
              destination->put_blob(blob, *memory_stream(tars[i]));
          });
        }
        for (std::thread& layer : layers) layer.join();
        const std::string config = Target::config_of(tars);
        Target::put_config(*destination, config);
        destination->put_manifest(std::nullopt, Target::manifest_of(tars, config));
        destination->commit(Target::manifest_of(tars, config));
      });
    }
    for (std::thread& writer : writers) writer.join();
    for (size_t writer = 0; writer < 4; ++writer)
      CHECK(target.read("localhost/app:" + std::to_string(writer)) == tars_of(writer));
    CHECK_FALSE(fs::exists(target.folder.str("g/sealos-staging")));
  }
}

TEST_CASE("a list is kept with its images, which may share layers, and read back as it was") {
  if (!may_write()) return;
  const Target target;
  const std::vector<std::vector<std::string>> images{{kBase, kTop}, {kBase, kBase}, {kTop}};
  const auto destination =
      target.reference("localhost/list:1").open_destination(target.host.host());
  for (const std::string& tar : {kBase, kTop})
    destination->put_blob(Target::layer_blob(tar, 0), *memory_stream(tar));
  std::string entries;
  for (const std::vector<std::string>& tars : images) {
    const std::string config = Target::config_of(tars);
    Target::put_config(*destination, config);
    const Item manifest = Target::manifest_of(tars, config);
    destination->put_manifest(digest_of(manifest.data), manifest);
    entries += (entries.empty() ? "{\"digest\":\"" : ",{\"digest\":\"") +
               digest_of(manifest.data).str() + "\"}";
  }
  const Item index{kOciIndex, "{\"schemaVersion\":2,\"manifests\":[" + entries + "]}"};
  destination->put_manifest(std::nullopt, index);
  destination->commit(index);

  const auto source = target.reference("localhost/list:1").open_source(target.host.host());
  CHECK(source->read_manifest(std::nullopt).data == index.data);
  CHECK(source->read_manifest(std::nullopt).label == kOciIndex);
  for (const std::vector<std::string>& tars : images) {
    const Item manifest = Target::manifest_of(tars, Target::config_of(tars));
    const Digest digest = digest_of(manifest.data);
    CHECK(source->read_manifest(digest).data == manifest.data);
    std::vector<std::string> layers;
    for (const Blob& layer : source->layer_infos(digest))
      layers.push_back(read_stream(*source->open_blob(layer, 0, -1), 1 << 24, "a layer"));
    CHECK(layers == tars);
  }
}

TEST_CASE("an image beneath a wrong name is refused") {
  if (!may_write()) return;
  const Target target;
  CHECK_THROWS_AS(target.write("localhost/app@sha256:" + std::string(64, '1'), {kBase}), Error);
  CHECK_THROWS_AS(target.write(std::string(64, '1'), {kBase}), Error);
  CHECK_THROWS_AS(target.write("localhost/app@abc", {kBase}), Error);
}
