#include <doctest/doctest.h>

#include "core/copy/memory_fixture.hpp"
#include "support/compression/compression.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using testing::Fixture;
using testing::kPlain;
using testing::Place;

namespace {

std::string pack(const std::string& bytes, Compression kind) {
  const auto stream = compress(memory_stream(bytes), kind);
  return read_stream(*stream, 1 << 26, "layer");
}

std::string unpack(const std::string& bytes) {
  const auto stream = decompress_any(memory_stream(bytes));
  return read_stream(*stream, 1 << 26, "layer");
}

}  // namespace

TEST_CASE_FIXTURE(
    Fixture, "layers arrive in the compression that is asked for, recorded for the next copy") {
  testing::TempFolder folder;
  cache::BlobInfoCache cache(folder.str("cache.sqlite"), config::Environment{});
  request.cache = &cache;
  const std::string packed = pack(layer, Compression::gzip);
  from.manifests[""] = image(kPlain + "+gzip", {packed}, "amd64", {layer});
  request.compression.form = LayerForm::zstd;
  const Digest first = copy().digest;
  const Descriptor now = Manifest::parse({"", to.manifests[""]}).layers()[0];
  CHECK(now.media_type == kPlain + "+zstd");
  CHECK(unpack(to.blobs.at(now.digest.str())) == layer);
  CHECK(cache.compression(now.digest) == "zstd");
  CHECK(cache.compression(digest_of(packed)) == "gzip");
  CHECK(cache.uncompressed_digest(now.digest) == digest_of(layer));
  const int puts = to.puts;
  CHECK(copy().digest == first);
  CHECK(to.puts == puts);
}

TEST_CASE_FIXTURE(Fixture,
                  "a zstd:chunked layer has its annotations, also when it is found again") {
  testing::TempFolder folder;
  cache::BlobInfoCache cache(folder.str("cache.sqlite"), config::Environment{});
  request.cache = &cache;
  const std::string tar(10240, '\0');  // the end of an archive is an archive
  from.manifests[""] = image(kPlain, {tar});
  request.compression.form = LayerForm::zstd_chunked;
  for (int i = 0; i < 2; ++i) {
    copy();
    const Descriptor now = Manifest::parse({"", to.manifests[""]}).layers()[0];
    CHECK(is_chunked(now.annotations));
    CHECK(to.puts == 2);
  }
  // As zstd it is good enough as it is; as plain zstd it would have no annotations.
  request.source.details = "to";
  request.destination.details = "from";
  request.compression.form = LayerForm::zstd;
  CHECK_FALSE(copy().manifest_changed);
}

TEST_CASE_FIXTURE(Fixture, "without force, gzip that is there serves in place of zstd") {
  testing::TempFolder folder;
  cache::BlobInfoCache cache(folder.str("cache.sqlite"), config::Environment{});
  request.cache = &cache;
  from.manifests[""] = image(kPlain, {layer});
  request.compression.form = LayerForm::gzip;
  copy();
  request.compression.form = LayerForm::zstd;
  request.compression.force = false;
  copy();
  CHECK(Manifest::parse({"", to.manifests[""]}).layers()[0].media_type == kPlain + "+gzip");
  request.compression.force = true;
  copy();
  CHECK(Manifest::parse({"", to.manifests[""]}).layers()[0].media_type == kPlain + "+zstd");
}

TEST_CASE_FIXTURE(Fixture, "layers are read in any compression, whatever their type says") {
  request.compression.form = LayerForm::plain;
  std::string type = kPlain + "+gzip", bytes = pack(layer, Compression::zstd);
  SUBCASE("mislabelled") {}
  SUBCASE("labelled plain") {
    type = kPlain;
    request.compression.form = LayerForm::zstd;
  }
  from.manifests[""] = image(type, {bytes}, "amd64", {layer});
  copy();
  const Manifest now = Manifest::parse({"", to.manifests[""]});
  CHECK(unpack(to.blobs.at(now.layers()[0].digest.str())) == layer);
}

TEST_CASE_FIXTURE(Fixture,
                  "a config that does not fit its layers is found out when they are recoded") {
  from.manifests[""] =
      image(kPlain + "+gzip", {pack(layer, Compression::gzip)}, "amd64", {"other"});
  request.compression.form = LayerForm::zstd;
  CHECK(failing_side() == Side::source);
  CHECK(to.commits == 0);
}

TEST_CASE_FIXTURE(Fixture, "an image goes to schema 1 and back") {
  const std::string packed = pack(layer, Compression::gzip),
                    small = pack("small", Compression::gzip);
  from.manifests[""] = image(kPlain + "+gzip", {packed, small}, "amd64", {layer, "small"});
  request.format = ManifestFormat::v2s1;
  CHECK(copy().media_type == media_type::kSchema1Signed);
  const Manifest old = Manifest::parse({"", to.manifests[""]});
  REQUIRE(old.schema1() != nullptr);
  CHECK(old.layers().size() == 2);
  CHECK(to.blobs.contains(std::string(kEmptyLayerDigest)));
  request.source.details = "to";
  request.destination.details = "back";
  request.format = ManifestFormat::v2s2;
  CHECK(copy().media_type == media_type::kDockerManifest);
  Place& back = all["back"];
  const Manifest now = Manifest::parse({"", back.manifests[""]});
  CHECK(diff_ids_of(back.blobs.at(now.config().digest.str())) ==
        std::vector{digest_of(layer), digest_of("small")});
  CHECK(now.layers()[0].digest == digest_of(packed));
  CHECK(now.layers()[0].size == static_cast<std::int64_t>(packed.size()));
  request.destination.details = "again";
  request.format.reset();
  const CopyReport same = copy();
  CHECK_FALSE(same.manifest_changed);
  CHECK(same.digest == old.digest());
}

TEST_CASE_FIXTURE(Fixture,
                  "what would change a manifest that must not is refused before the first blob") {
  from.manifests[""] = image(kPlain, {layer});
  request.preserve_digests = true;
  SUBCASE("format") { request.format = ManifestFormat::v2s2; }
  SUBCASE("compression") { request.compression.form = LayerForm::zstd; }
  SUBCASE("what the destination takes") { to.types = {std::string(media_type::kDockerManifest)}; }
  CHECK(failing_side() == Side::request);
  CHECK(to.puts == 0);
}
