#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "dir_reference.hpp"
#include "support/signature_file/signature_file.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

namespace fs = std::filesystem;
using namespace sealos;
using dir::Reference;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

namespace {

Blob blob_of(const std::string& text, const char* algorithm = "sha256") {
  Blob blob;
  blob.digest = digest_of(text, algorithm);
  blob.size = static_cast<std::int64_t>(text.size());
  return blob;
}

std::string manifest_of(const std::string& layer) {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},)"
         R"("layers":[{"digest":")" +
         digest_of(layer).str() + "\"}]}";
}

Item item_of(const std::string& text) {
  return {"application/vnd.oci.image.manifest.v1+json", text};
}

void write_image(const FakeHost& host, const std::string& path, const std::string& layer,
                 const std::vector<Item>& signatures = {}) {
  const auto to = Reference(path).open_destination(host.host());
  to->put_blob(blob_of(layer), *memory_stream(layer));
  to->put_manifest(std::nullopt, item_of(manifest_of(layer)));
  if (!signatures.empty()) to->put_signatures(std::nullopt, signatures);
  to->commit(item_of(manifest_of(layer)));
}

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> names(const fs::path& path) {
  std::set<std::string> all;
  for (const auto& entry : fs::directory_iterator(path)) all.insert(entry.path().filename());
  return all;
}

/// Ends badly after some bytes, as one with a wrong digest does.
class BrokenStream final : public Stream {
 public:
  size_t read(std::span<std::byte> into) override {
    if (++calls_ > 2) throw Error(Status::corrupt, "wrong digest");
    into[0] = std::byte{1};
    return 1;
  }

 private:
  int calls_ = 0;
};

}  // namespace

TEST_CASE("an image is written in the form of version 1.1 and read back") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("i"), "layer",
              {{"simple-signing", "\x90xyz"}, {"sigstore-json", "{}"}});
  const std::string hex(digest_of("layer").hex());
  CHECK(names(folder.path / "i") ==
        std::set<std::string>{"version", "manifest.json", hex, "signature-1", "signature-2"});
  CHECK(content(folder.path / "i/version") == "Directory Transport Version: 1.1\n");
  CHECK(content(folder.path / "i/signature-1") == "\x90xyz");
  CHECK(content(folder.path / "i/signature-2") == std::string("\0sigstore-json\n{}", 17));

  const auto from = Reference(folder.str("i")).open_source(host.host());
  const Item manifest = from->read_manifest(std::nullopt);
  CHECK(manifest.data == manifest_of("layer"));
  CHECK(manifest.label == "application/vnd.oci.image.manifest.v1+json");
  CHECK(read_stream(*from->open_blob(blob_of("layer"), 0, -1), 100, "b") == "layer");
  CHECK(read_stream(*from->open_blob(blob_of("layer"), 1, 2), 100, "b") == "ay");
  CHECK(from->open_blob(blob_of("layer"), 0, -1)->fd() >= 0);
  const auto signatures = from->read_signatures(std::nullopt);
  REQUIRE(signatures.size() == 2);
  CHECK(signatures[0].label == "simple-signing");
  CHECK(signatures[1].label == "sigstore-json");
  CHECK(signatures[1].data == "{}");
}

TEST_CASE("the former image stays until commit, and goes then") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("i"), "old", {{"sigstore-json", "{}"}});
  std::ofstream(folder.path / "i/notes.txt") << "mine";
  {
    const auto to = Reference(folder.str("i")).open_destination(host.host());
    to->put_blob(blob_of("new"), *memory_stream("new"));
    to->put_manifest(std::nullopt, item_of(manifest_of("new")));
    const auto from = Reference(folder.str("i")).open_source(host.host());
    CHECK(from->read_manifest(std::nullopt).data == manifest_of("old"));
    CHECK(read_stream(*from->open_blob(blob_of("old"), 0, -1), 100, "b") == "old");
    CHECK(from->read_signatures(std::nullopt).size() == 1);
    to->commit(item_of(manifest_of("new")));
  }
  CHECK(names(folder.path / "i") == std::set<std::string>{"version", "manifest.json", "notes.txt",
                                                          std::string(digest_of("new").hex())});
}

TEST_CASE("a copy that fails leaves the folder as it was") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("i"), "old");
  const auto before = names(folder.path / "i");
  {
    const auto to = Reference(folder.str("i")).open_destination(host.host());
    to->put_blob(blob_of("new"), *memory_stream("new"));
    BrokenStream broken;
    CHECK_THROWS_AS(to->put_blob(blob_of("more"), broken), Error);
    to->put_manifest(digest_of("child"), item_of("child"));
    to->abort();
  }
  CHECK(names(folder.path / "i") == before);
  {
    Reference(folder.str("fresh"))
        .open_destination(host.host())
        ->put_blob(blob_of("x"), *memory_stream("x"));
  }
  CHECK_FALSE(fs::exists(folder.path / "fresh"));
  fs::create_directory(folder.path / "empty");
  { const auto to = Reference(folder.str("empty")).open_destination(host.host()); }
  CHECK(fs::is_empty(folder.path / "empty"));
}

TEST_CASE("a folder of something else is not touched") {
  TempFolder folder;
  const FakeHost host;
  fs::create_directory(folder.path / "home");
  std::ofstream(folder.path / "home/thesis") << "dear";
  CHECK_THROWS_WITH_AS(Reference(folder.str("home")).open_destination(host.host()),
                       doctest::Contains("not a dir: image"), Error);
  std::ofstream(folder.path / "home/version") << "3.1\n";
  CHECK_THROWS_AS(Reference(folder.str("home")).open_destination(host.host()), Error);
  CHECK(content(folder.path / "home/thesis") == "dear");
  CHECK_THROWS_AS(Reference(folder.str("none/there")), Error);
  CHECK_THROWS_AS(Reference(""), Error);
  CHECK_THROWS_AS(Reference(folder.str("home/thesis")).open_destination(host.host()), Error);
}

TEST_CASE("versions: none is read, 1.2 is read, newer ones are refused") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("i"), "layer");
  const auto open = [&] { return Reference(folder.str("i")).open_source(host.host()); };
  fs::remove(folder.path / "i/version");
  CHECK_NOTHROW(open()->read_manifest(std::nullopt));
  for (const char* text :
       {"Directory Transport Version: 1.3\n", "Directory Transport Version: 2.0\n",
        "Directory Transport Version: 1.1", "", "Directory Transport Version: \n"}) {
    CAPTURE(text);
    std::ofstream(folder.path / "i/version") << text;
    CHECK_THROWS_AS(open(), Error);
  }
  std::ofstream(folder.path / "i/version") << "Directory Transport Version: 1.2\n";
  const std::string hex(digest_of("layer").hex());
  fs::rename(folder.path / "i" / hex, folder.path / "i" / ("sha256-" + hex));
  CHECK(read_stream(*open()->open_blob(blob_of("layer"), 0, -1), 100, "b") == "layer");
}

TEST_CASE("a digest other than sha256 makes it version 1.2") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("i"), "layer");
  const auto to = Reference(folder.str("i")).open_destination(host.host());
  Reuse want;
  want.blob = blob_of("layer");
  REQUIRE(to->try_reuse(want));
  to->put_blob(blob_of("other", "sha512"), *memory_stream("other"));
  to->put_manifest(std::nullopt, item_of(manifest_of("layer")));
  to->commit(item_of(""));
  CHECK(content(folder.path / "i/version") == "Directory Transport Version: 1.2\n");
  CHECK(names(folder.path / "i") ==
        std::set<std::string>{"version", "manifest.json",
                              "sha256-" + std::string(digest_of("layer").hex()),
                              "sha512-" + std::string(digest_of("other", "sha512").hex())});
}

TEST_CASE(
    "blobs that are there are used again if their size, and if asked their content, is right") {
  TempFolder folder;
  FakeHost host;
  write_image(host, folder.str("i"), "layer");
  const std::string file = folder.str("i/" + std::string(digest_of("layer").hex()));
  std::ofstream(file) << "LAYER";
  Reuse want;
  want.blob = blob_of("layer");
  const auto reused = [&] {
    return Reference(folder.str("i")).open_destination(host.host())->try_reuse(want);
  };
  CHECK(reused()->size == 5);
  host.options["dir.verify-reused"] = "true";
  CHECK_FALSE(reused());
  host.options.clear();
  std::ofstream(file) << "LAYERS";
  CHECK_FALSE(reused());
  want.blob = blob_of("none");
  CHECK_FALSE(reused());
  write_image(host, folder.str("i"), "layer");
  CHECK(content(file) == "layer");
}

TEST_CASE("sizes, digests and names from outside are checked") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("i"), "layer");
  const auto from = Reference(folder.str("i")).open_source(host.host());
  Blob wrong = blob_of("layer");
  wrong.size = 4;
  CHECK_THROWS_WITH_AS(from->open_blob(wrong, 0, -1), doctest::Contains("should have 4"), Error);
  CHECK_THROWS_AS(from->open_blob(blob_of("none"), 0, -1), Error);
  CHECK_THROWS_AS(from->read_manifest(digest_of("none")), Error);
  const fs::path blob = folder.path / "i" / std::string(digest_of("layer").hex());
  fs::remove(blob);
  fs::create_symlink("/etc/passwd", blob);
  CHECK_THROWS_AS(from->open_blob(blob_of("layer"), 0, -1), Error);
  std::ofstream(folder.path / "i/signature-1") << "what";
  CHECK_THROWS_AS(from->read_signatures(std::nullopt), Error);
  for (const std::string text : {"", "no JSON", "{}", "[]", "{\"schemaVersion\":3}"}) {
    CAPTURE(text);
    std::ofstream(folder.path / "i/manifest.json") << text;
    CHECK_THROWS_AS(from->read_manifest(std::nullopt), Error);
  }
  std::ofstream(folder.path / "i/manifest.json") << std::string(5 << 20, ' ');
  CHECK_THROWS_AS(from->read_manifest(std::nullopt), Error);
  fs::remove(folder.path / "i/manifest.json");
  CHECK_THROWS_WITH_AS(from->read_manifest(std::nullopt), doctest::Contains("no manifest.json"),
                       Error);
}

TEST_CASE("two copies into one folder do not mix") {
  TempFolder folder;
  const FakeHost host;
  const auto one = Reference(folder.str("i")).open_destination(host.host());
  CHECK_THROWS_WITH_AS(Reference(folder.str("i")).open_destination(host.host()),
                       doctest::Contains("another copy"), Error);
}

TEST_CASE("options say how layers are stored") {
  TempFolder folder;
  FakeHost host;
  const Reference reference(folder.str("i"));
  CHECK(reference.open_destination(host.host())->compression() == LayerCompression::preserve);
  host.options["dir.compress"] = "true";
  CHECK(reference.open_destination(host.host())->compression() == LayerCompression::compress);
  host.options["dir.decompress"] = "true";
  CHECK_THROWS_AS(reference.open_destination(host.host()), Error);
}

TEST_CASE("types of manifests are guessed by content") {
  using dir::guess_media_type;
  CHECK(guess_media_type(R"({"schemaVersion":1,"signatures":[]})") ==
        "application/vnd.docker.distribution.manifest.v1+prettyjws");
  CHECK(guess_media_type(R"({"schemaVersion":1})") ==
        "application/vnd.docker.distribution.manifest.v1+json");
  CHECK(guess_media_type(R"({"schemaVersion":2,"config":{"mediaType":)"
                         R"("application/vnd.docker.container.image.v1+json"}})") ==
        "application/vnd.docker.distribution.manifest.v2+json");
  CHECK(guess_media_type(R"({"schemaVersion":2,"manifests":[{}]})") ==
        "application/vnd.oci.image.index.v1+json");
  CHECK(guess_media_type(R"({"schemaVersion":2,"mediaType":"x"})") ==
        "application/vnd.oci.image.manifest.v1+json");
}

TEST_CASE("the scope of a policy is the resolved path") {
  TempFolder folder;
  fs::create_directory(folder.path / "real");
  fs::create_symlink("real", folder.path / "link");
  const Reference reference(folder.str("link/./i:1"));
  CHECK(reference.policy_identity() == folder.str("real/i:1"));
  CHECK(reference.policy_namespaces().front() == folder.str("real"));
  CHECK(reference.policy_namespaces().back() == "/tmp");
}
