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

TEST_CASE_FIXTURE(Fixture, "a wish holds for what layers are, not for what their type says") {
  const std::string other = pack(layer, Compression::zstd);
  std::string type = kPlain + "+gzip", wanted = kPlain + "+gzip";
  SUBCASE("which is recoded") { request.compression.form = LayerForm::gzip; }
  SUBCASE("which is compressed where the destination likes that") {
    to.compression = LayerCompression::compress;
    from.manifests[""] = image(type, {layer});
    CHECK(copy().manifest_changed);
    const Digest stored = Manifest::parse({"", to.manifests[""]}).layers()[0].digest;
    CHECK(detect_compression(std::as_bytes(std::span(to.blobs.at(stored.str())))) ==
          Compression::gzip);
    return;
  }
  SUBCASE("which is left as it is without a wish") { wanted.clear(); }
  SUBCASE("which gets the right type where it is in that form already") {
    request.compression.form = LayerForm::zstd;
    wanted = kPlain + "+zstd";
  }
  SUBCASE("which is not compressed twice") {
    to.compression = LayerCompression::compress;
    type = kPlain;
    wanted = kPlain + "+zstd";
  }
  SUBCASE("which is decompressed") {
    request.compression.form = LayerForm::plain;
    type = wanted = kPlain;
  }
  from.manifests[""] = image(type, {other}, "amd64", {layer});
  const CopyReport report = copy();
  const Descriptor now = Manifest::parse({"", to.manifests[""]}).layers()[0];
  CHECK(report.manifest_changed == !wanted.empty());
  if (wanted.empty()) return;
  CHECK(now.media_type == wanted);
  const std::string& bytes = to.blobs.at(now.digest.str());
  CHECK((layer_type(wanted)->compression == "zstd" ? bytes == other : unpack(bytes) == layer));
  CHECK(report.details.blobs[0].recoded == (bytes != other));
  CHECK(report.details.blobs[0].why.find("its type says") != std::string::npos);
  CHECK_FALSE(report.details.manifests[0].reasons.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "a layer that is not what its type says, and must not change, is refused") {
  from.manifests[""] = image(kPlain + "+gzip", {pack(layer, Compression::zstd)}, "amd64", {layer});
  request.compression.form = LayerForm::gzip;
  request.preserve_digests = true;
  CHECK(failing_side() == Side::request);
  CHECK(to.commits == 0);
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

TEST_CASE_FIXTURE(Fixture, "each image of an index is also there in the compression to add") {
  const std::string packed = pack(layer, Compression::gzip), small = pack("x", Compression::zstd);
  const std::string first = image(kPlain + "+gzip", {packed}, "amd64", {layer});
  const std::string second = image(kPlain + "+zstd", {small}, "arm64", {"x"});
  from.manifests[""] = index({entry(first, "linux/amd64"), entry(second, "linux/arm64")});
  request.all = true;
  request.add_compression = {LayerForm::zstd};
  copy();
  const Manifest now = Manifest::parse({"", to.manifests[""]});
  REQUIRE(now.instances().size() == 3);
  CHECK(now.instances()[0].digest == digest_of(first));
  CHECK(now.instances()[1].digest == digest_of(second));
  const Descriptor& added = now.instances()[2];
  CHECK(added.platform->str() == "linux/amd64");
  CHECK(added.annotations == Annotations{{"io.github.containers.compression.zstd", "true"}});
  const Manifest variant = Manifest::parse({"", to.manifests.at(added.digest.str())});
  CHECK(variant.layers()[0].media_type == kPlain + "+zstd");
  CHECK(unpack(to.blobs.at(variant.layers()[0].digest.str())) == layer);
  CHECK(variant.config().digest == Manifest::parse({"", first}).config().digest);

  SUBCASE("which a second time changes nothing") {
    request.source.details = "to";
    request.destination.details = "again";
    CHECK_FALSE(copy().manifest_changed);
  }
  SUBCASE("which needs an index that may change") {
    to.puts = 0;
    SUBCASE("and there is none") {
      request.all = false;
      request.platforms = {Platform::parse("linux/amd64")};
    }
    SUBCASE("and it may not") { request.preserve_digests = true; }
    CHECK(failing_side() == Side::request);
    CHECK(to.puts == 0);
  }
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
