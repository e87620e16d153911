#include <doctest/doctest.h>

#include <thread>

#include "oci_test_image.hpp"

namespace fs = std::filesystem;
using namespace sealos;
using namespace sealos::oci::testing;
using oci::Reference;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

TEST_CASE("an image is written as a layout and read back by name and by descriptor") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one", "two"});
  CHECK(files_below(folder.path / "l") ==
        std::set<std::string>{"oci-layout", "index.json", file_of("one"), file_of("two"),
                              file_of("{}"), file_of(manifest_of({"one", "two"}))});
  CHECK(content(folder.path / "l/oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  for (const char* details : {"l", "l:", "l:v1", "l:@0"}) {
    CAPTURE(details);
    const auto from = Reference(folder.str(details)).open_source(host.host());
    CHECK(from->read_manifest(std::nullopt).data == manifest_of({"one", "two"}));
    const auto blob = from->open_blob(blob_of("two"), 0, -1);
    CHECK(blob->fd() >= 0);
    CHECK(read_stream(*blob, 100, "b") == "two");
    CHECK(read_stream(*from->open_blob(blob_of("two"), 1, 1), 100, "b") == "w");
  }
}

TEST_CASE("a second image is added, and a name moves") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one"});
  write_image(host, folder.str("l:v2"), {"two"});
  CHECK(Reference(folder.str("l")).list_tags(host.host()) == std::vector<std::string>{"v1", "v2"});
  write_image(host, folder.str("l:v1"), {"three"});
  const auto from = Reference(folder.str("l:v1")).open_source(host.host());
  CHECK(from->read_manifest(std::nullopt).data == manifest_of({"three"}));
  CHECK(fs::exists(folder.path / "l" / file_of("one")));
  CHECK_THROWS_WITH_AS(Reference(folder.str("l")).open_source(host.host()),
                       doctest::Contains("choose by name or position"), Error);
}

TEST_CASE("an image that loses its name goes with its blobs if that is asked for") {
  TempFolder folder;
  FakeHost host;
  write_image(host, folder.str("l:v1"), {"one", "shared"});
  host.options["oci.remove-replaced"] = "true";
  write_image(host, folder.str("l:v1"), {"two", "shared"});
  CHECK(files_below(folder.path / "l") ==
        std::set<std::string>{"oci-layout", "index.json", file_of("two"), file_of("shared"),
                              file_of("{}"), file_of(manifest_of({"two", "shared"}))});
  CHECK_NOTHROW(Reference(folder.str("l")).open_source(host.host()));
}

TEST_CASE("removing an image removes the blobs that no other one needs") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one", "shared"});
  write_image(host, folder.str("l:v2"), {"two", "shared"});
  write_image(host, folder.str("l:v3"), {"two", "shared"});
  CHECK_THROWS_WITH_AS(Reference(folder.str("l:v1")).remove(host.host(), SEALOS_REMOVE_ONLY_INDEX),
                       doctest::Contains("no index"), Error);
  Reference(folder.str("l:v1")).remove(host.host());
  CHECK_FALSE(fs::exists(folder.path / "l" / file_of("one")));
  CHECK(fs::exists(folder.path / "l" / file_of("shared")));
  Reference(folder.str("l:v3")).remove(host.host());
  CHECK(fs::exists(folder.path / "l" / file_of("two")));
  CHECK_THROWS_AS(Reference(folder.str("l:v3")).remove(host.host()), Error);
  Reference(folder.str("l:@0")).remove(host.host());
  CHECK(files_below(folder.path / "l") == std::set<std::string>{"oci-layout", "index.json"});
}

TEST_CASE("what an entry of unknown type needs is not known, so nothing is removed") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one"});
  Json index = Json::parse(content(folder.path / "l/index.json"));
  index.find("manifests")->push_back(descriptor("application/x", "thing"));
  std::ofstream(folder.path / "l/index.json") << index.dump();
  const auto before = files_below(folder.path / "l");
  CHECK_THROWS_WITH_AS(Reference(folder.str("l:v1")).remove(host.host()),
                       doctest::Contains("application/x"), Error);
  CHECK(files_below(folder.path / "l") == before);
  CHECK(content(folder.path / "l/index.json") == index.dump());
}

TEST_CASE("a copy that fails leaves the layout as it was") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"one"});
  const auto before = files_below(folder.path / "l");
  const std::string index = content(folder.path / "l/index.json");
  {
    const auto to = Reference(folder.str("l:v2")).open_destination(host.host());
    to->put_blob(blob_of("one"), *memory_stream("one"));
    to->put_blob(blob_of("two"), *memory_stream("two"));
    Blob wrong = blob_of("three");
    wrong.size = 4;
    CHECK_THROWS_AS(to->put_blob(wrong, *memory_stream("three")), Error);
    to->put_manifest(std::nullopt, item_of(manifest_of({"two"})));
  }
  CHECK(files_below(folder.path / "l") == before);
  CHECK(content(folder.path / "l/index.json") == index);
  {
    Reference(folder.str("new:v1"))
        .open_destination(host.host())
        ->put_blob(blob_of("x"), *memory_stream("x"));
  }
  CHECK_FALSE(fs::exists(folder.path / "new"));
}

TEST_CASE("blobs of a copy that fails stay while another one may use them") {
  TempFolder folder;
  const FakeHost host;
  auto fails = Reference(folder.str("l:v1")).open_destination(host.host());
  fails->put_blob(blob_of("one"), *memory_stream("one"));
  const auto works = Reference(folder.str("l:v2")).open_destination(host.host());
  Reuse want;
  want.blob = blob_of("one");
  REQUIRE(works->try_reuse(want));
  fails.reset();
  works->put_blob(blob_of("{}"), *memory_stream("{}"));
  works->put_manifest(std::nullopt, item_of(manifest_of({"one"})));
  works->commit(item_of(""));
  const auto from = Reference(folder.str("l:v2")).open_source(host.host());
  CHECK(read_stream(*from->open_blob(blob_of("one"), 0, -1), 100, "b") == "one");
}

TEST_CASE("no entry is lost when many copies end at once") {
  TempFolder folder;
  const FakeHost host;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      write_image(host, folder.str("l:v" + std::to_string(i)), {"shared", std::to_string(i)});
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(Reference(folder.str("l")).list_tags(host.host()).size() == 8);
}

TEST_CASE("several blobs are put at once") {
  TempFolder folder;
  const FakeHost host;
  const auto to = Reference(folder.str("l:v1")).open_destination(host.host());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string text = i % 2 == 0 ? "same" : std::string(300000, static_cast<char>(i));
      to->put_blob(blob_of(text), *memory_stream(text));
    });
  }
  for (auto& thread : threads) thread.join();
  to->put_manifest(std::nullopt, item_of(manifest_of({"same"})));
  to->commit(item_of(""));
  CHECK(content(folder.path / "l" / file_of("same")) == "same");
}

TEST_CASE("layouts may share their blobs, and none of those is ever removed") {
  TempFolder folder;
  FakeHost host;
  host.options["oci.shared-blob-dir"] = folder.str("blobs");
  write_image(host, folder.str("a:v1"), {"one"});
  write_image(host, folder.str("b:v1"), {"one"});
  CHECK(files_below(folder.path / "a") == std::set<std::string>{"oci-layout", "index.json"});
  CHECK(fs::exists(folder.path / file_of("one")));
  const auto from = Reference(folder.str("a:v1")).open_source(host.host());
  CHECK(read_stream(*from->open_blob(blob_of("one"), 0, -1), 100, "b") == "one");
  const auto before = files_below(folder.path / "blobs");
  Reference(folder.str("a:v1")).remove(host.host());
  CHECK(files_below(folder.path / "blobs") == before);
  { Reference(folder.str("c:v1")).open_destination(host.host()); }
  CHECK_FALSE(fs::exists(folder.path / "c"));
}

TEST_CASE("a blob without a digest gets one") {
  TempFolder folder;
  const FakeHost host;
  const auto to = Reference(folder.str("l:v1")).open_destination(host.host());
  const Blob made = to->put_blob(Blob(), *memory_stream("text"));
  CHECK(made.digest == digest_of("text"));
  CHECK(made.size == 4);
  CHECK(content(folder.path / "l" / file_of("text")) == "text");
}

TEST_CASE("a candidate is used instead if its compression is the one that is wanted") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("l:v1"), {"zipped"});
  const auto to = Reference(folder.str("l:v2")).open_destination(host.host());
  Reuse want;
  want.blob = blob_of("plain");
  want.candidates = {blob_of("zipped")};
  want.candidates[0].compression = "gzip";
  CHECK(to->try_reuse(want)->digest == digest_of("zipped"));
  want.compression = "gzip";
  CHECK(to->try_reuse(want)->digest == digest_of("zipped"));
  want.compression = "zstd";
  CHECK_FALSE(to->try_reuse(want));
}

TEST_CASE("layers are compressed unless that is not wanted") {
  TempFolder folder;
  FakeHost host;
  const Reference reference(folder.str("l"));
  CHECK(reference.open_destination(host.host())->compression() == LayerCompression::compress);
  host.options["oci.accept-uncompressed"] = "true";
  CHECK(reference.open_destination(host.host())->compression() == LayerCompression::preserve);
}

TEST_CASE("what refers to an image is stored beside it, and found by its subject alone") {
  const TempFolder folder;
  const FakeHost host;
  const std::string details = folder.str("layout");
  write_image(host, details, {"layer"});
  const Digest subject = digest_of(manifest_of({"layer"}));
  Json json = Json::parse(manifest_of({"sbom"}));
  json.set("artifactType", "application/sbom");
  json.set("subject", Json::object({{"digest", subject.str()}}));
  const Item sbom = item_of(json.dump());
  {
    const auto to = Reference(details + ":2").open_destination(host.host());
    CHECK_THROWS_WITH_AS(to->put_referrer(item_of(manifest_of({"layer"}))),
                         doctest::Contains("subject"), Error);
    to->put_blob(blob_of("sbom"), *memory_stream("sbom"));
    to->put_manifest(std::nullopt, item_of(manifest_of({"layer"})));
    to->put_referrer(sbom);
    to->put_referrer(sbom);
    to->commit(item_of(manifest_of({"layer"})));
  }
  const auto from = Reference(details).open_source(host.host());
  const auto known = Reference(details).open_destination(host.host());
  CHECK(known->list_referrers(subject, "application/sbom").size() == 1);
  CHECK(known->list_referrers(subject, "x/other").empty());
  const auto found = from->list_referrers(subject, std::nullopt);
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == digest_of(sbom.data));
  CHECK(Json::parse(found[0].descriptor).text_at("artifactType") == "application/sbom");
  CHECK(from->read_manifest(found[0].digest).data == sbom.data);
  CHECK(from->list_referrers(subject, "application/sbom").size() == 1);
  CHECK(from->list_referrers(subject, "x/other").empty());
  CHECK(from->list_referrers(digest_of(sbom.data), std::nullopt).empty());
}

TEST_CASE("something can be added to an image that is there") {
  const TempFolder folder;
  const FakeHost host;
  const std::string details = folder.str("layout");
  write_image(host, details + ":1", {"layer"});
  const Digest subject = digest_of(manifest_of({"layer"}));
  Json json = Json::parse(manifest_of({"note"}));
  json.set("subject", Json::object({{"digest", subject.str()}}));
  {
    const auto to = Reference(details + ":1").open_destination(host.host());
    CHECK_THROWS_AS(to->commit({}), Error);
    to->put_referrer(item_of(json.dump()));
    to->commit({});
  }
  const auto from = Reference(details + ":1").open_source(host.host());
  CHECK(digest_of(from->read_manifest(std::nullopt).data) == subject);
  CHECK(from->list_referrers(subject, std::nullopt).size() == 1);
}
