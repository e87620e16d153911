#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "archive_reference.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

namespace fs = std::filesystem;
using namespace sealos;
using oci_archive::Reference;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

namespace {

Blob blob_of(const std::string& text) {
  Blob blob;
  blob.digest = digest_of(text);
  blob.size = static_cast<std::int64_t>(text.size());
  return blob;
}

std::string manifest_of(const std::string& layer) {
  const auto size = static_cast<std::int64_t>(layer.size());
  Json json = Json::object({{"schemaVersion", 2}});
  json.set("layers", Json::Array{oci_layout::Descriptor{"x", digest_of(layer), size}.json()});
  return json.dump();
}

Item item_of(const std::string& manifest) {
  return {std::string(oci_layout::kOciManifest), manifest};
}

void write_image(const FakeHost& host, const std::string& details, const std::string& layer) {
  const auto to = Reference(details).open_destination(host.host());
  Reuse want;
  want.blob = blob_of(layer);
  if (!to->try_reuse(want)) to->put_blob(blob_of(layer), *memory_stream(layer));
  to->put_manifest(std::nullopt, item_of(manifest_of(layer)));
  to->commit(item_of(manifest_of(layer)));
}

std::string layer_in(const FakeHost& host, const std::string& details, const std::string& layer) {
  const auto from = Reference(details).open_source(host.host());
  if (from->read_manifest(std::nullopt).data != manifest_of(layer)) return "another manifest";
  return read_stream(*from->open_blob(blob_of(layer), 0, -1), 1 << 20, "layer");
}

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> members(const std::string& path) {
  const auto tar = TarFile::open(path, {});
  std::vector<std::string> names;
  for (const TarMember& member : tar->index().members()) names.push_back(member.name);
  return names;
}

}  // namespace

TEST_CASE("an archive is written the same again and read back") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("a.tar:v1"), "layer");
  write_image(host, folder.str("b.tar:v1"), "layer");
  CHECK(content(folder.path / "a.tar") == content(folder.path / "b.tar"));
  CHECK(members(folder.str("a.tar")) ==
        std::vector<std::string>{archive_path_of(digest_of("layer")),
                                 archive_path_of(digest_of(manifest_of("layer"))), "oci-layout",
                                 "index.json"});
  for (const char* details : {"a.tar", "a.tar:v1", "a.tar:@0"}) {
    CHECK(layer_in(host, folder.str(details), "layer") == "layer");
  }
  CHECK(Reference(folder.str("a.tar")).list_tags(host.host()) == std::vector<std::string>{"v1"});
  CHECK_THROWS_WITH_AS(Reference(folder.str("a.tar:v2")).open_source(host.host()),
                       doctest::Contains("@0 v1"), Error);
}

TEST_CASE("a file with other images is neither lost nor changed unless that is asked for") {
  TempFolder folder;
  FakeHost host;
  write_image(host, folder.str("a.tar:v1"), "one");
  const std::string before = content(folder.path / "a.tar");
  CHECK_THROWS_WITH_AS(write_image(host, folder.str("a.tar:v2"), "two"),
                       doctest::Contains("oci-archive.existing=add"), Error);
  CHECK(content(folder.path / "a.tar") == before);
  write_image(host, folder.str("a.tar:v1"), "other");
  CHECK(layer_in(host, folder.str("a.tar"), "other") == "other");
  host.options["oci-archive.existing"] = "add";
  write_image(host, folder.str("a.tar:v2"), "two");
  write_image(host, folder.str("a.tar:v3"), "two");
  CHECK(layer_in(host, folder.str("a.tar:v1"), "other") == "other");
  CHECK(layer_in(host, folder.str("a.tar:v2"), "two") == "two");
  CHECK(layer_in(host, folder.str("a.tar:v3"), "two") == "two");
  write_image(host, folder.str("a.tar:v1"), "last");
  CHECK(members(folder.str("a.tar")).size() == 6);
  host.options["oci-archive.existing"] = "refuse";
  CHECK_THROWS_AS(write_image(host, folder.str("a.tar:v1"), "last"), Error);
  host.options["oci-archive.existing"] = "replace";
  write_image(host, folder.str("a.tar:v9"), "nine");
  CHECK(Reference(folder.str("a.tar")).list_tags(host.host()) == std::vector<std::string>{"v9"});
  host.options["oci-archive.existing"] = "maybe";
  CHECK_THROWS_AS(write_image(host, folder.str("a.tar:v9"), "nine"), Error);
}

TEST_CASE("a file of something else is replaced only if that is asked for") {
  TempFolder folder;
  FakeHost host;
  std::ofstream(folder.path / "thesis") << "dear reader";
  CHECK_THROWS_AS(write_image(host, folder.str("thesis"), "one"), Error);
  CHECK(content(folder.path / "thesis") == "dear reader");
  std::ofstream(folder.path / "empty");
  write_image(host, folder.str("empty"), "one");
  CHECK(layer_in(host, folder.str("empty"), "one") == "one");
  CHECK_THROWS_AS(write_image(host, folder.path.string(), "one"), Error);
  CHECK_THROWS_AS(Reference(folder.str("no/where.tar")), Error);
  CHECK_THROWS_AS(Reference(folder.str("a.tar:@0")).open_destination(host.host()), Error);
}

TEST_CASE("a copy that fails leaves the former file and nothing else") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("a.tar"), "one");
  const std::string before = content(folder.path / "a.tar");
  {
    const auto to = Reference(folder.str("a.tar")).open_destination(host.host());
    to->put_blob(blob_of("two"), *memory_stream("two"));
    Blob wrong = blob_of("three");
    wrong.size = 4;
    CHECK_THROWS_AS(to->put_blob(wrong, *memory_stream("three")), Error);
    to->abort();
    CHECK_THROWS_AS(to->put_blob(blob_of("four"), *memory_stream("four")), Error);
  }
  {
    Reference(folder.str("b.tar"))
        .open_destination(host.host())
        ->put_blob(blob_of("x"), *memory_stream("x"));
  }
  CHECK(content(folder.path / "a.tar") == before);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a file that somebody else replaces meanwhile is not overwritten") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("a.tar"), "one");
  const auto to = Reference(folder.str("a.tar")).open_destination(host.host());
  to->put_manifest(std::nullopt, item_of("{}"));
  write_image(host, folder.str("a.tar"), "two");
  CHECK_THROWS_WITH_AS(to->commit(item_of("{}")), doctest::Contains("another program"), Error);
  CHECK(layer_in(host, folder.str("a.tar"), "two") == "two");
}

TEST_CASE("a blob without size or digest goes straight into the archive") {
  TempFolder folder;
  const FakeHost host;
  const auto to = Reference(folder.str("a.tar")).open_destination(host.host());
  const Blob made = to->put_blob(Blob(), *memory_stream("text"));
  CHECK(made.digest == digest_of("text"));
  CHECK(made.size == 4);
  to->put_blob(Blob(), *memory_stream("text"));
  to->put_blob(blob_of("text"), *memory_stream("text"));
  to->put_manifest(std::nullopt, item_of(manifest_of("text")));
  to->commit(item_of(""));
  CHECK(members(folder.str("a.tar")).size() == 4);
  CHECK(layer_in(host, folder.str("a.tar"), "text") == "text");
}

TEST_CASE("a pipe gives its image to all who read the reference") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("a.tar:v1"), "layer");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  write_all(ends[1], content(folder.path / "a.tar"), "pipe");
  ::close(ends[1]);
  const Reference reference("/dev/fd/" + std::to_string(ends[0]) + ":v1");
  for (int i = 0; i < 2; ++i) {
    const auto from = reference.open_source(host.host());
    const auto blob = from->open_blob(blob_of("layer"), 0, -1);
    CHECK(blob->fd() >= 0);
    CHECK(read_stream(*blob, 100, "b") == "layer");
  }
  ::close(ends[0]);
}

TEST_CASE("archives of tar with a leading dot, in another order, compressed, are read") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("a.tar:v1"), "layer");
  const std::string script = "cd " + folder.path.string() +
                             " && mkdir l && tar -xf a.tar -C l && tar -C l -cf dot.tar . && "
                             "tar -C l -czf zip.tar index.json oci-layout blobs";
  REQUIRE(std::system(script.c_str()) == 0);
  CHECK(layer_in(host, folder.str("dot.tar:v1"), "layer") == "layer");
  CHECK(layer_in(host, folder.str("zip.tar:v1"), "layer") == "layer");
}

TEST_CASE("an archive that is damaged is refused") {
  TempFolder folder;
  const FakeHost host;
  write_image(host, folder.str("a.tar"), std::string(5000, 'x'));
  const std::string whole = content(folder.path / "a.tar");
  for (const size_t length : {size_t{0}, size_t{100}, size_t{1000}, size_t{5000}, size_t{6000}}) {
    CAPTURE(length);
    std::ofstream(folder.path / "cut.tar", std::ios::binary) << whole.substr(0, length);
    CHECK_THROWS_AS(Reference(folder.str("cut.tar")).open_source(host.host()), Error);
  }
  std::string twice = whole.substr(0, whole.size() - 1024);
  std::ofstream(folder.path / "twice.tar", std::ios::binary) << twice << whole;
  CHECK_THROWS_WITH_AS(Reference(folder.str("twice.tar")).open_source(host.host()),
                       doctest::Contains("more than one"), Error);
}

TEST_CASE("what refers to an image is written with it, or added to it, and found by its subject") {
  TempFolder folder;
  FakeHost host;
  const std::string details = folder.str("a.tar:v1");
  const Digest subject = digest_of(manifest_of("layer"));
  const auto note = [&](const std::string& text) {
    Json json = Json::parse(manifest_of(text));
    json.set("artifactType", "x/note");
    json.set("subject", Json::object({{"digest", subject.str()}}));
    return item_of(json.dump());
  };
  {
    const auto to = Reference(details).open_destination(host.host());
    to->put_blob(blob_of("layer"), *memory_stream("layer"));
    to->put_blob(blob_of("one"), *memory_stream("one"));
    to->put_manifest(std::nullopt, item_of(manifest_of("layer")));
    CHECK_THROWS_WITH_AS(to->put_referrer(item_of(manifest_of("layer"))),
                         doctest::Contains("subject"), Error);
    CHECK(to->list_referrers(subject, std::nullopt).empty());
    to->put_referrer(note("one"));
    to->commit({});
  }
  const auto found = [&] {
    const auto from = Reference(details).open_source(host.host());
    CHECK(digest_of(from->read_manifest(std::nullopt).data) == subject);
    return from->list_referrers(subject, "x/note").size();
  };
  CHECK(found() == 1);
  host.options["referrers-only"] = "true";
  {
    const auto to = Reference(details).open_destination(host.host());
    CHECK(to->list_referrers(subject, "x/note").size() == 1);
    to->put_blob(blob_of("two"), *memory_stream("two"));
    to->put_referrer(note("two"));
    to->commit({});
  }
  CHECK(found() == 2);
  CHECK(layer_in(host, details, "layer") == "layer");
  host.options["oci-archive.existing"] = "replace";
  CHECK_THROWS_AS(Reference(details).open_destination(host.host()), Error);
  host.options.clear();
  write_image(host, details, "layer");  // a file that is written anew has only what is put
  CHECK(found() == 0);
}
