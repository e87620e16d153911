#include "source.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <zlib.h>

#include "manifest_layers.hpp"
#include "reference.hpp"
#include "store_fixture.hpp"
#include "support/file/file_stream.hpp"
#include "support/testing/fake_host.hpp"

using namespace sealos;
using namespace sealos::containers_storage;
using sealos::containers_storage::testing::StoreFixture;

std::string sealos::containers_storage::testing::stored_gzip(const std::string& text) {
  z_stream z{};
  REQUIRE(::deflateInit2(&z, 0, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(text.size() + 1024, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(::deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  ::deflateEnd(&z);
  return out;
}

namespace {

struct Opened {
  sealos::testing::FakeHost host;
  std::unique_ptr<Source> source;
  explicit Opened(const std::string& details) {
    source = Reference(host.host(), details).open_source(host.host());
  }
  std::string read(const Blob& blob) const {
    return read_stream(*source->open_blob(blob, 0, -1), 1 << 20, "a layer");
  }
};

}  // namespace

TEST_CASE("layers come back byte for byte, from overlay and from vfs") {
  for (const char* driver : {"overlay", "vfs"}) {
    CAPTURE(driver);
    StoreFixture store(driver);
    const std::string base = store.add_layer("", {{"bin/sh", "shell"}, {"etc/", ""}});
    const std::string top = store.add_layer(base, {{"a", std::string(300000, 'x')}});
    store.add_built_image(top, {"localhost/app:1"});
    const Opened opened(store.details("app:1"));
    const auto layers = opened.source->layer_infos(std::nullopt);
    REQUIRE(layers.size() == 2);
    for (size_t i = 0; i < 2; ++i) {
      CHECK(layers[i].digest->str() == store.tars()[i].first);
      CHECK(layers[i].size == static_cast<std::int64_t>(store.tars()[i].second.size()));
      CHECK(layers[i].media_type == "application/vnd.oci.image.layer.v1.tar");
      CHECK(layers[i].compression == "");
      CHECK(layers[i].layer_index == static_cast<std::int64_t>(i));
      CHECK(opened.read(layers[i]) == store.tars()[i].second);
    }
  }
}

TEST_CASE("reading leaves nothing in the store") {
  StoreFixture store;
  const std::string layer = store.add_layer("", {{"a", "b"}});
  store.add_built_image(layer, {"localhost/app:1"});
  const auto list = [&] {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(store.path()))
      out.push_back(entry.path());
    return out;
  };
  const auto before = list();
  const Opened opened(store.details("app:1"));
  for (const Blob& blob : opened.source->layer_infos(std::nullopt)) opened.read(blob);
  CHECK(list() == before);
}

TEST_CASE("a manifest list is given as it is, and its instances by digest") {
  StoreFixture store;
  const std::string layer = store.add_layer("", {{"a", "b"}});
  const std::string id = store.add_built_image(layer, {});
  const std::string instance =
      read_item(*Store(settings_for(split_details(store.details("x")).store, {}))
                     .load([] { return false; })
                     .image(id),
                "manifest");
  const std::string index = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" +
                            std::string(kOciManifest) + "\",\"size\":1,\"digest\":\"" +
                            digest_of(instance).str() + "\"}]}";
  store.add_image(std::string(64, 'f'), "", {"localhost/list:1"}, {{"manifest", index}});
  const Opened opened(store.details("list:1"));
  const Item top = opened.source->read_manifest(std::nullopt);
  CHECK(top.data == index);
  CHECK(is_index_type(top.label));
  CHECK(opened.source->layer_infos(std::nullopt).empty());
  const Item found = opened.source->read_manifest(digest_of(instance));
  CHECK(found.data == instance);
  CHECK(found.label == kOciManifest);
  CHECK(opened.source->layer_infos(digest_of(instance)).size() == 1);
  CHECK_THROWS_AS(opened.source->read_manifest(digest_of("other")), Error);
}

TEST_CASE("content leads nowhere out of the layer") {
  StoreFixture store;
  sealos::containers_storage::testing::write_file(store.path() / "secret", "secret");
  const std::string layer = store.add_layer("", {{"link", "123456"}, {"../../secret", "secret"}});
  std::filesystem::remove(store.files_of(layer) / "link");
  std::filesystem::create_symlink(store.path() / "secret", store.files_of(layer) / "link");
  store.add_built_image(layer, {"localhost/app:1"});
  const Opened opened(store.details("app:1"));
  CHECK_THROWS_WITH_AS(opened.read(opened.source->layer_infos(std::nullopt)[0]),
                       doctest::Contains("lost the file"), Error);
}

TEST_CASE("a fifo in place of a file does not block") {
  StoreFixture store;
  const std::string layer = store.add_layer("", {{"a", "123"}});
  std::filesystem::remove(store.files_of(layer) / "a");
  REQUIRE(::mkfifo((store.files_of(layer) / "a").c_str(), 0600) == 0);
  store.add_built_image(layer, {"localhost/app:1"});
  const Opened opened(store.details("app:1"));
  CHECK_THROWS_AS(opened.read(opened.source->layer_infos(std::nullopt)[0]), Error);
}

TEST_CASE("a changed file is noticed, and a missing tar-split is said to be missing") {
  StoreFixture store;
  const std::string layer = store.add_layer("", {{"a", "123"}});
  store.add_built_image(layer, {"localhost/app:1"});
  const Opened opened(store.details("app:1"));
  const Blob blob = opened.source->layer_infos(std::nullopt)[0];
  sealos::containers_storage::testing::write_file(store.files_of(layer) / "a", "1234");
  CHECK_THROWS_WITH_AS(opened.read(blob), doctest::Contains("4 bytes, not 3"), Error);
  std::filesystem::remove(store.path() / ("overlay-layers/" + layer + ".tar-split.gz"));
  CHECK_THROWS_WITH_AS(opened.read(blob), doctest::Contains("bit-exactly"), Error);
}

TEST_CASE("incomplete layers do not exist for a reader") {
  StoreFixture store;
  const std::string layer = store.add_layer("", {{"a", "123"}});
  store.add_built_image(layer, {"localhost/app:1"});
  Json flags = Json::object();
  flags.set("incomplete", true);
  store.layer_record(0).set("flags", flags);
  store.save();
  const Opened opened(store.details("app:1"));
  CHECK_THROWS_AS(opened.source->layer_infos(std::nullopt), Error);
}

TEST_CASE("images and their layers are also found in additional stores") {
  StoreFixture store, more;
  const std::string layer = more.add_layer("", {{"a", "123"}});
  more.add_built_image(layer, {"localhost/app:1"});
  store.save();
  const std::string details =
      "[overlay@" + store.graphroot() + ":additionalimagestore=" + more.graphroot() + "]app:1";
  const Opened opened(details);
  CHECK(opened.read(opened.source->layer_infos(std::nullopt)[0]) == more.tars()[0].second);
}

TEST_CASE("damaged records are refused, an absent store has no images") {
  StoreFixture store;
  CHECK_THROWS_WITH_AS(Opened("[/nonexistent/store]app:1"), doctest::Contains("no image"), Error);
  sealos::containers_storage::testing::write_file(store.path() / "overlay-images/images.json",
                                                  "[{");
  CHECK_THROWS_AS(Opened(store.details("app:1")), Error);
}
