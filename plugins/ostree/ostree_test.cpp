#include <doctest/doctest.h>
#include <unistd.h>

#include <thread>

#include "commit_tree.hpp"
#include "ostree_fixture.hpp"

using namespace sealos;
using namespace sealos::ostree;
using sealos::layer_tar::testing::TarBuilder;
using sealos::ostree::testing::Place;

namespace {

/// A layer with everything that a layer may have.
std::string rich_layer(const std::string& extra = "") {
  return TarBuilder()
      .folder("./")
      .folder("etc/")
      .file("etc/passwd", "root:x:0:0\n" + extra)
      .file("empty", "")
      .link("etc/hard", "etc/passwd")
      .link("etc/nowhere", "gone")
      .symlink("etc/soft", "passwd")
      .folder("etc/")
      .add({"dev/null", '3', "", "", -1, 0666, 1000})
      .add({"run/fifo", '6', "", "", -1, 0644, 1000})
      .add({"bin/su", '0', "setuid", "", -1, 04755, 1000})
      .file("etc/.wh.gone", "")
      .file("var/.wh..wh..opq", "")
      .pax({{"path", "odd/na\"me \\ \u00e4\n"},
            {"SCHILY.xattr.user.a", "1"},
            {"SCHILY.xattr.user.b", std::string("\0\xff", 2)}})
      .file("x", std::string(100000, 'z'))
      .done();
}

std::string gzip_like() { return std::string("\x1f\x8b\x08\x00", 4) + std::string(1000, 'q'); }

}  // namespace

TEST_CASE("a split layer comes back byte for byte, from repositories of every mode") {
  for (const char* mode : {"archive", "bare-user", "bare-user-only", "bare"}) {
    CAPTURE(mode);
    Place place(mode);
    const std::string layer = rich_layer();
    place.write("a:1", {layer, TarBuilder().file("b", "b").done()});
    CHECK(place.is_split(layer));
    CHECK(place.read("a:1") == std::vector{layer, TarBuilder().file("b", "b").done()});
  }
}

TEST_CASE("manifest, config and signatures come back as they were") {
  Place place;
  const std::string layer = rich_layer();
  const std::vector<Item> signatures{{"simple-signing", "\x90simple"}, {"sigstore-json", "{}"}};
  place.write("a:1", {layer}, signatures);
  const auto from = place.reference("a:1").open_source(place.host.host());
  const Item manifest = from->read_manifest(std::nullopt);
  CHECK(manifest.data == Place::manifest_of(R"({"os":"linux"})", {layer}));
  CHECK(manifest.label == "application/vnd.oci.image.manifest.v1+json");
  CHECK(from->read_manifest(digest_of(manifest.data)).data == manifest.data);
  CHECK_THROWS_AS(from->read_manifest(digest_of("other")), Error);
  const Blob config = Place::blob_of(R"({"os":"linux"})", -1);
  CHECK(read_stream(*from->open_blob(config, 0, -1), 100, "config") == R"({"os":"linux"})");
  const auto read = from->read_signatures(std::nullopt);
  REQUIRE(read.size() == 2);
  CHECK(read[0].data == signatures[0].data);
  CHECK(read[1].label == "sigstore-json");
}

TEST_CASE(
    "layers are raw where that is asked for, where they are compressed, and where they must") {
  Place place;
  const std::string twice =
      TarBuilder().file("a", "1").file("b", std::string(70000, 'b')).file("a", "2").done();
  const std::string conflict = TarBuilder().symlink("lib", "usr/lib").file("lib/x", "x").done();
  const std::string not_utf8 = TarBuilder().file("\xff", "x").done();
  const std::string sparse = TarBuilder()
                                 .pax({{"GNU.sparse.major", "0"},
                                       {"GNU.sparse.minor", "1"},
                                       {"GNU.sparse.size", "9"},
                                       {"GNU.sparse.map", "0,1"}})
                                 .file("s", "x")
                                 .done();
  const std::vector<std::string> layers{
      twice, conflict, not_utf8, sparse, "no tar", TarBuilder().file("a", "1").bare() + "junk"};
  place.write("a:1", layers);
  CHECK(place.read("a:1") == layers);
  for (const std::string& layer : layers) CHECK_FALSE(place.is_split(layer));

  place.host.options["ostree.layers"] = "raw";
  const std::string layer = rich_layer();
  place.write("b:1", {layer});
  CHECK_FALSE(place.is_split(layer));
  CHECK(place.read("b:1") == std::vector{layer});
  place.host.options["ostree.layers"] = "both";
  CHECK_THROWS_AS(place.write("b:1", {layer}), Error);
}

TEST_CASE("a compressed layer that the engine could not unpack stays what its manifest says") {
  Place place;
  const auto to = place.reference("a:1").open_destination(place.host.host());
  const std::string bytes = gzip_like();
  Blob blob = Place::blob_of(bytes, 0);
  blob.compression = "gzip";
  to->put_blob(blob, *memory_stream(bytes));
  Blob unknown = Place::blob_of("{}", 1);
  unknown.compression.reset();
  unknown.size = -1;
  CHECK(to->put_blob(unknown, *memory_stream("{}")).size == 2);
  const Item manifest{"application/vnd.oci.image.manifest.v1+json",
                      Place::manifest_of(bytes, {"{}"})};
  to->put_manifest(std::nullopt, manifest);
  to->commit(manifest);
  CHECK_FALSE(place.is_split(bytes));
  CHECK(place.read("a:1") == std::vector<std::string>{"{}"});
}

TEST_CASE("a blob without a digest gets its own") {
  for (const char* form : {"split", "raw"}) {
    Place place;
    place.host.options["ostree.layers"] = form;
    const auto to = place.reference("a:1").open_destination(place.host.host());
    const std::string layer = rich_layer();
    Blob blob = Place::blob_of(layer, 0);
    blob.digest.reset();
    blob.size = -1;
    const Blob put = to->put_blob(blob, *memory_stream(layer));
    CHECK(put.digest == digest_of(layer));
    CHECK(put.size == static_cast<std::int64_t>(layer.size()));
  }
}

TEST_CASE("layers that are there are used again, in the form that is wanted") {
  Place place;
  const std::string layer = rich_layer();
  CHECK(place.write("a:1", {layer}) == 0);
  const auto first = place.commit_of(layer);
  CHECK(place.write("a:2", {layer, TarBuilder().file("b", "b").done()}) == 1);
  CHECK(place.commit_of(layer) == first);
  place.host.options["ostree.layers"] = "raw";
  CHECK(place.write("a:3", {layer}) == 1);  // what it reads as is the same

  Place raw;
  raw.host.options["ostree.layers"] = "raw";
  raw.write("a:1", {layer});
  CHECK(raw.write("a:2", {layer}) == 1);
  raw.host.options.erase("ostree.layers");
  CHECK(raw.write("a:3", {layer}) == 0);
  CHECK(raw.is_split(layer));
  CHECK(raw.read("a:1") == std::vector{layer});
}

TEST_CASE("a layer that old tools named by its compressed digest is used again by its tar") {
  Place place;
  const std::string layer = rich_layer(), compressed = gzip_like();
  place.write("a:1", {layer});
  const StoredCommit commit(place.repository(), *place.commit_of(layer));
  const Metadata metadata{{kSize, std::to_string(compressed.size())},
                          {kPlainSize, std::to_string(layer.size())},
                          {kPlainDigest, digest_of(layer).str()},
                          {kTarSplit, std::string(*commit.text(kTarSplit))}};
  Place old;
  old.write("first", {TarBuilder().file("f", "f").done()});
  old.plant(blob_branch(digest_of(compressed)), metadata, {});
  CHECK(old.write("a:2", {layer}) == 1);
  CHECK(old.commit_of(layer) == old.commit_of(compressed));
}

TEST_CASE("a preview says what would be used again, and writes nothing") {
  Place place;
  const std::string layer = rich_layer();
  const Blob blob = Place::blob_of(layer, 0);
  const auto found = [&] {
    return place.reference("a:2")
        .open_preview(place.host.host())
        ->try_reuse({blob, {}, std::nullopt})
        .has_value();
  };
  CHECK_FALSE(found());
  CHECK_FALSE(std::filesystem::exists(place.path()));
  place.write("a:1", {layer});
  CHECK(found());
  CHECK_FALSE(place.repository()->resolve(image_branch("a:2")));
}

TEST_CASE("nothing of a copy that was not committed is there") {
  Place place;
  const std::string layer = rich_layer();
  place.write("a:1", {TarBuilder().file("b", "b").done()});
  const auto before = place.repository()->branches();
  for (const bool abort : {true, false}) {
    const auto to = place.reference("a:2").open_destination(place.host.host());
    to->put_blob(Place::blob_of(layer, 0), *memory_stream(layer));
    if (abort) to->abort();
  }
  CHECK(place.repository()->branches() == before);
  CHECK_FALSE(place.commit_of(layer));
}

TEST_CASE("a stream that fails fails the blob with its own error, and the next try works") {
  struct Failing final : Stream {
    explicit Failing(std::string bytes) : bytes_(memory_stream(std::move(bytes))) {}
    size_t read(std::span<std::byte> into) override {
      const size_t n = bytes_->read(into.first(std::min<size_t>(into.size(), 700)));
      if (n == 0) throw Error(Status::unavailable, "the line is cut");
      return n;
    }
    std::unique_ptr<Stream> bytes_;
  };
  Place place;
  place.write("b:1", {TarBuilder().file("b", "b").done()});
  const std::string layer = rich_layer();
  const auto to = place.reference("a:1").open_destination(place.host.host());
  for (size_t cut : {size_t{0}, size_t{512}, layer.size() / 2, layer.size() - 100, layer.size()}) {
    CAPTURE(cut);
    Failing stream(layer.substr(0, cut));
    CHECK_THROWS_WITH(to->put_blob(Place::blob_of(layer, 0), stream), "the line is cut");
  }
  CHECK(to->put_blob(Place::blob_of(layer, 0), *memory_stream(layer)).digest == digest_of(layer));
}

TEST_CASE("several layers are written and read at once") {
  Place place;
  std::vector<std::string> layers;
  for (int i = 0; i < 6; ++i) layers.push_back(rich_layer(std::to_string(i)));
  const std::string config = "{}";
  {
    const auto to = place.reference("a:1").open_destination(place.host.host());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < layers.size(); ++i) {
      threads.emplace_back([&, i] {
        const Blob blob = Place::blob_of(layers[i], static_cast<std::int64_t>(i));
        to->try_reuse({blob, {}, std::nullopt});
        to->put_blob(blob, *memory_stream(layers[i]));
      });
    }
    for (auto& thread : threads) thread.join();
    to->put_blob(Place::blob_of(config, -1), *memory_stream(config));
    const Item manifest{"application/vnd.oci.image.manifest.v1+json",
                        Place::manifest_of(config, layers)};
    to->put_manifest(std::nullopt, manifest);
    to->commit(manifest);
  }
  const auto from = place.reference("a:1").open_source(place.host.host());
  const auto infos = from->layer_infos(std::nullopt);
  std::vector<std::string> read(layers.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < layers.size(); ++i) {
    threads.emplace_back(
        [&, i] { read[i] = read_stream(*from->open_blob(infos[i], 0, -1), 1 << 20, "layer"); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(read == layers);
}

TEST_CASE("an image is removed with what only it needs") {
  Place place;
  const std::string shared = rich_layer(), own = TarBuilder().file("own", "own").done();
  place.write("a:1", {shared, own});
  place.write("a:2", {shared});
  place.write("b:1", {shared});
  CHECK(place.reference("a").list_tags(place.host.host()) == std::vector<std::string>{"1", "2"});
  place.reference("a:1").remove(place.host.host());
  CHECK_FALSE(place.commit_of(own));
  CHECK(place.read("a:2") == std::vector{shared});
  CHECK_THROWS_AS(place.reference("a:1").remove(place.host.host()), Error);
  CHECK(place.reference("a").list_tags(place.host.host()) == std::vector<std::string>{"2"});
}

TEST_CASE("a manifest that the repository cannot keep is refused") {
  Place place;
  const auto put = [&](const std::string& name, const Item& manifest) {
    place.reference(name).open_destination(place.host.host())->put_manifest(std::nullopt, manifest);
  };
  const std::string oci = "application/vnd.oci.image.manifest.v1+json";
  CHECK_THROWS_AS(put("a:1", {"application/vnd.oci.image.index.v1+json", "{}"}), Error);
  CHECK_THROWS_AS(put("a@" + digest_of("other").str(), {oci, "{}"}), Error);
  CHECK_THROWS_AS(put("a:1", {oci, std::string(5 << 20, ' ')}), Error);
  put("a@" + digest_of("{}").str(), {oci, "{}"});
}
