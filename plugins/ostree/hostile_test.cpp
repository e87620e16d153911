#include <doctest/doctest.h>

#include "commit_tree.hpp"
#include "image_manifest.hpp"
#include "ostree_fixture.hpp"
#include "support/base64/base64.hpp"
#include "support/compression/compression.hpp"

using namespace sealos;
using namespace sealos::ostree;
using sealos::layer_tar::testing::TarBuilder;
using sealos::ostree::testing::Place;

namespace {

const std::string kLayer = TarBuilder().file("a", "content").file("b/c", "more").done();

std::string packed(const std::string& lines) {
  const auto stream = compress(memory_stream(lines), Compression::gzip);
  const std::string bytes = read_stream(*stream, 64 << 20, "gzip");
  return encode_base64(bytes);
}

/// An image whose layer's commit somebody else has made.
struct Planted : Place {
  std::string manifest = manifest_of(R"({"os":"linux"})", {kLayer});
  Planted() { write("a:1", {kLayer}); }

  Metadata layer(const std::string& lines) const {
    const std::string size = std::to_string(kLayer.size());
    return {{kSize, size},
            {kPlainSize, size},
            {kPlainDigest, digest_of(kLayer).str()},
            {kTarSplit, packed(lines)}};
  }
  void plant_layer(const Metadata& metadata) {
    plant(blob_branch(digest_of(kLayer)), metadata, {});
  }
  void plant_image(const Metadata& metadata) { plant(image_branch("a:1"), metadata, {}); }
  /// What reading the image is refused with.
  std::string refusal() const {
    try {
      const auto from = reference("a:1").open_source(host.host());
      from->read_manifest(std::nullopt);
      from->read_signatures(std::nullopt);
      for (const Blob& blob : from->layer_infos(std::nullopt)) {
        const auto bytes = read_stream(*from->open_blob(blob, 0, -1), 1 << 20, "layer");
        if (digest_of(bytes) != *blob.digest) return "another digest";
      }
      return "";
    } catch (const Error& e) {
      CHECK((e.status() == Status::corrupt || e.status() == Status::invalid));
      return e.message();
    }
  }
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a tar-split that lies is found out") {
  Planted place;
  CHECK(place.refusal().empty());
  const struct {
    const char *lines, *refusal;
  } cases[] = {
      {"{\"type\":2,\"payload\":\"AAAA\",\"position\":0}\n", "another digest"},
      {"{\"type\":1,\"name\":\"a\",\"size\":7,\"payload\":\"AAAAAAAAAAE=\",\"position\":0}\n",
       "no file \"a\""},
      {"{\"type\":1,\"name\":\"../../etc/passwd\",\"size\":7,\"payload\":\"AAAAAAAAAAE=\","
       "\"position\":0}\n",
       "no file"},
      {"{\"type\":1,\"name\":\"a\",\"size\":1099511627776,\"payload\":\"AAAAAAAAAAE=\","
       "\"position\":0}\n",
       "no file \"a\""},
      {"{\"type\":2,\"payload\":\"A\",\"position\":0}\n", "base64"},
      {"{\"type\":9}\n", "unknown type"},
      {"nonsense\n", "tar-split"},
      {"", "another digest"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.lines);
    place.plant_layer(place.layer(one.lines));
    const std::string refusal = place.refusal();
    CAPTURE(refusal);
    CHECK(has(refusal, one.refusal));
  }
}

TEST_CASE("a tar-split that unpacks to more than its tar can need is refused") {
  Planted place;
  std::string lines;
  for (int i = 0; i < 60000; ++i)
    lines += "{\"type\":1,\"name\":\"x\",\"payload\":null,\"position\":0}\n";
  place.plant_layer(place.layer(lines));
  CHECK(has(place.refusal(), "larger than that of any such layer"));
  Metadata cut = place.layer("x");
  cut.back().second.resize(8);
  place.plant_layer(cut);
  CHECK_FALSE(place.refusal().empty());
  cut.back().second = "not base64!";
  place.plant_layer(cut);
  CHECK(has(place.refusal(), "not base64"));
}

TEST_CASE("metadata that makes no sense is refused") {
  Planted place;
  const std::string digest = digest_of(kLayer).str();
  for (const Metadata& metadata :
       {Metadata{}, Metadata{{kSize, "7"}}, Metadata{{kPlainSize, "-1"}, {kPlainDigest, digest}},
        Metadata{{kPlainSize, "99999999999999999999"}, {kPlainDigest, digest}},
        Metadata{{kPlainSize, "1x"}, {kPlainDigest, digest}},
        Metadata{{kPlainSize, "10"}, {kPlainDigest, "sha256:../../x"}},
        Metadata{{kPlainSize, "10"}, {kPlainDigest, digest}}}) {
    place.plant_layer(metadata);
    CHECK_FALSE(place.refusal().empty());
  }
}

TEST_CASE("a manifest that is none, or another, is refused") {
  Planted place;
  const std::string own = digest_of(place.manifest).str();
  for (const Metadata& metadata :
       {Metadata{}, Metadata{{kManifest, "{"}}, Metadata{{kManifest, "[]"}},
        Metadata{{kManifest, R"({"layers":[{"digest":"sha256:../x","size":1}]})"}},
        Metadata{{kManifest, R"({"layers":[{"digest":7,"size":1}]})"}},
        Metadata{{kManifest, R"({"layers":7})"}}, Metadata{{kManifest, std::string(5 << 20, ' ')}},
        Metadata{{kManifest, place.manifest}, {kManifestDigest, digest_of("x").str()}},
        Metadata{{kManifest, place.manifest}, {kManifestDigest, "x"}},
        Metadata{{kManifest, place.manifest}, {kSignatures, "3"}},
        Metadata{{kManifest, place.manifest}, {kSignatures, "1000000000000"}},
        Metadata{{kManifest, Place::manifest_of("{}", {"never written"})}}}) {
    place.plant_image(metadata);
    CHECK_FALSE(place.refusal().empty());
  }
  place.plant_image({{kManifest, place.manifest}});  // an old one, without its digest
  CHECK(place.refusal().empty());
}

TEST_CASE("objects that are gone, cut off or something else are refused") {
  for (const char* what : {"gone", "cut", "other"}) {
    for (const char* kind : {".commit", ".dirtree", ".filez"}) {
      CAPTURE(what);
      CAPTURE(kind);
      Planted place;
      std::vector<std::filesystem::path> found;
      for (const auto& entry :
           std::filesystem::recursive_directory_iterator(place.folder.path / "repo/objects")) {
        if (entry.path().extension() == kind) found.push_back(entry.path());
      }
      REQUIRE_FALSE(found.empty());
      for (const auto& path : found) {
        std::filesystem::remove(path);
        if (std::string(what) == "gone") continue;
        const Fd file = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT);
        write_all(file.get(), std::string(what) == "cut" ? "\0\0" : std::string(5000, '\xa5'), "o");
      }
      const std::string refusal = place.refusal();
      CHECK_FALSE(refusal.empty());
      CHECK(refusal.find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("a layer that is there in part is not used again") {
  Planted place;
  std::filesystem::create_directories(place.folder.path / "repo/state");
  const std::string mark = "repo/state/" + *place.commit_of(kLayer) + ".commitpartial";
  open_at(AT_FDCWD, place.folder.str(mark), O_WRONLY | O_CREAT);
  CHECK(has(place.refusal(), "only a part"));
  CHECK(place.write("a:2", {kLayer}) == 0);
}

TEST_CASE("files that an unpacker has put behind a link are found, circles end") {
  Place place;
  place.write("a:1", {TarBuilder()
                          .symlink("lib", "usr/lib")
                          .symlink("abs", "/usr")
                          .symlink("up", "../../../usr")
                          .symlink("round", "about")
                          .symlink("about", "round")
                          .symlink("self", "self/self")
                          .file("usr/lib/x", "found")
                          .done()});
  std::string layer;
  for (const auto& [branch, checksum] : place.repository()->branches()) {
    const StoredCommit commit(place.repository(), checksum);
    if (commit.text(kTarSplit)) layer = commit.root();
  }
  CommitTree tree(place.repository(), layer);
  for (const char* path : {"usr/lib/x", "./usr//lib/x", "lib/x", "abs/lib/x", "up/lib/x",
                           "abs/../lib/x", "usr/lib/../lib/x"}) {
    CAPTURE(path);
    CHECK(read_stream(*tree.open(path, 5), 10, "x") == "found");
  }
  for (const char* path : {"round/x", "self/x", "usr", "", "lib", "lib/y", "usr/lib/x/y"}) {
    CAPTURE(path);
    CHECK_THROWS_AS(tree.open(path, 5), Error);
  }
  CHECK_THROWS_AS(tree.open("usr/lib/x", 6), Error);
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a/";
  CHECK_FALSE(tree.find(deep));
}

TEST_CASE("schema 1 manifests of old repositories are told apart, their layers in order") {
  const std::string one = digest_of("1").str(), two = digest_of("2").str(),
                    none = digest_of("").str();
  const std::string manifest = R"({"schemaVersion":1,"fsLayers":[{"blobSum":")" + none +
                               R"("},{"blobSum":")" + two + R"("},{"blobSum":")" + one +
                               R"("}],"history":[{"v1Compatibility":"{\"throwaway\":true}"},)"
                               R"({"v1Compatibility":"{}"},{"v1Compatibility":"{}"}]})";
  CHECK(manifest_type_of(manifest) == "application/vnd.docker.distribution.manifest.v1+json");
  const auto layers = layers_of(manifest);
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].digest->str() == one);
  CHECK(blobs_of(manifest).size() == 3);
  CHECK_THROWS_AS(layers_of(R"({"schemaVersion":1,"fsLayers":[{"blobSum":"x"}],"history":[]})"),
                  Error);
}
