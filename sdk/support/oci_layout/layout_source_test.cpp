#include "support/oci_layout/layout_source.hpp"

#include <doctest/doctest.h>

#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/manifest_check.hpp"
#include "support/oci_layout/media_types.hpp"

using namespace sealos;
using namespace sealos::oci_layout;

namespace {

struct MemoryBlobs final : BlobFiles {
  std::map<Digest, std::string> blobs;

  std::unique_ptr<Stream> open(const Digest& digest, std::int64_t size, std::int64_t offset,
                               std::int64_t length) const override {
    const auto at = blobs.find(digest);
    if (at == blobs.end()) throw Error(Status::not_found, "no blob " + digest.brief());
    check_blob_size(digest, static_cast<std::int64_t>(at->second.size()), size);
    return memory_stream(at->second.substr(
        static_cast<size_t>(offset), length < 0 ? std::string::npos : static_cast<size_t>(length)));
  }
  Json add(std::string_view type, const std::string& text) {
    blobs[digest_of(text)] = text;
    return Descriptor{std::string(type), digest_of(text), static_cast<std::int64_t>(text.size())}
        .json();
  }
};

Json index_with(Json child) {
  return Json::object({{"schemaVersion", 2}, {"manifests", Json::Array{std::move(child)}}});
}

}  // namespace

TEST_CASE("instances are found in an index, and in indexes in it") {
  const auto blobs = std::make_shared<MemoryBlobs>();
  const std::string manifest = R"({"schemaVersion":2})";
  Json inner = blobs->add(kOciManifest, manifest);
  for (int depth = 0; depth < 3; ++depth) inner = blobs->add(kOciIndex, index_with(inner).dump());
  LayoutSource source("test", blobs, inner);
  CHECK(source.read_manifest(std::nullopt).label == kOciIndex);
  const Item found = source.read_manifest(digest_of(manifest));
  CHECK(found.label == kOciManifest);
  CHECK(found.data == manifest);
  CHECK_THROWS_AS(source.read_manifest(digest_of("none")), Error);
}

TEST_CASE("a manifest with another size, digest or type than said is refused") {
  const auto blobs = std::make_shared<MemoryBlobs>();
  const Json good = blobs->add(kOciManifest, "{}");
  const auto read = [&](const Json& top) {
    return LayoutSource("test", blobs, top).read_manifest(std::nullopt);
  };
  CHECK_NOTHROW(read(good));
  Json bad = good;
  bad.set("size", 3);
  CHECK_THROWS_WITH_AS(read(bad), doctest::Contains("should have 3"), Error);
  bad.set("size", -1);
  CHECK_THROWS_AS(read(bad), Error);
  bad.set("size", std::int64_t{100} << 20);
  CHECK_THROWS_AS(read(bad), Error);
  bad = good;
  bad.set("mediaType", "application/x");
  CHECK_THROWS_WITH_AS(read(bad), doctest::Contains("application/x"), Error);
  bad = good;
  bad.set("digest", "sha256:../../etc/passwd");
  CHECK_THROWS_AS(read(bad), Error);
  blobs->blobs[digest_of("{}")] = "[]";
  CHECK_THROWS_WITH_AS(read(good), doctest::Contains("does not have that digest"), Error);
}

TEST_CASE("a blob that stands in its descriptor needs no file") {
  const auto blobs = std::make_shared<MemoryBlobs>();
  Json config = Descriptor{"application/x", digest_of("inside"), 6}.json();
  config.set("data", encode_base64("inside"));
  Json manifest = Json::object({{"schemaVersion", 2}, {"config", config}});
  LayoutSource source("test", blobs, blobs->add(kOciManifest, manifest.dump()));
  source.read_manifest(std::nullopt);
  Blob blob;
  blob.digest = digest_of("inside");
  CHECK(read_stream(*source.open_blob(blob, 0, -1), 100, "b") == "inside");
  CHECK(read_stream(*source.open_blob(blob, 2, 3), 100, "b") == "sid");
  config.set("data", encode_base64("insane"));
  manifest.set("config", config);
  LayoutSource wrong("test", blobs, blobs->add(kOciManifest, manifest.dump()));
  CHECK_THROWS_AS(wrong.read_manifest(std::nullopt), Error);
}

TEST_CASE("OCI manifests and indexes are put into a layout, and nothing else") {
  const std::string manifest = R"({"schemaVersion":2})";
  const Json child = Descriptor{std::string(kOciIndex), digest_of("x"), 1}.json();
  CHECK_NOTHROW(check_layout_manifest(digest_of(manifest), {std::string(kOciManifest), manifest}));
  CHECK_THROWS_AS(check_layout_manifest(digest_of("x"), {std::string(kOciManifest), manifest}),
                  Error);
  CHECK_THROWS_AS(check_layout_manifest({}, {std::string(kDockerManifest), manifest}), Error);
  CHECK_NOTHROW(check_layout_manifest({}, {std::string(kOciIndex), index_with(child).dump()}));
}

TEST_CASE("what refers to an image may be a manifest or an index, and is read like the image") {
  const auto blobs = std::make_shared<MemoryBlobs>();
  const Json image = blobs->add(kOciManifest, R"({"schemaVersion":2})");
  const Json subject = Json::object({{"digest", image.text_at("digest")}});
  Json manifest = Json::object({{"artifactType", "x/one"}, {"subject", subject}});
  const Json one = blobs->add(kOciManifest, manifest.dump());
  const std::string part = R"({"part":1})";
  Json index = index_with(blobs->add(kOciManifest, part));
  index.set("artifactType", "x/two");
  index.set("subject", subject);
  const Json two = blobs->add(kOciIndex, index.dump());
  LayoutSource source("test", blobs, image, Json::Array{image, one, two});
  const Digest name = Digest::require(image.text_at("digest"));
  const auto all = source.list_referrers(name, std::nullopt);
  REQUIRE(all.size() == 2);
  CHECK(all[0].digest.str() == one.text_at("digest"));
  CHECK(all[1].digest.str() == two.text_at("digest"));
  const auto typed = source.list_referrers(name, "x/two");
  REQUIRE(typed.size() == 1);
  CHECK(source.read_manifest(typed[0].digest).label == kOciIndex);
  CHECK(source.read_manifest(digest_of(part)).data == part);
}
