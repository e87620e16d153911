#include "core/copy/plan.hpp"

#include <doctest/doctest.h>

#include "core/copy/format_choice.hpp"
#include "support/digest/hasher.hpp"

using namespace sealos;

namespace {

std::string digest(char c) { return "sha256:" + std::string(64, c); }

const std::string kOciLayer(media_type::kOciLayer);
const std::string kDockerLayer(media_type::kDockerLayer);

ImageInput input(const std::vector<std::string>& layer_types, bool docker = false) {
  const std::string config = R"({"rootfs":{"diff_ids":[")" + digest('d') + "\"]}}";
  std::string text = R"({"schemaVersion":2,"config":{"mediaType":")" +
                     std::string(docker ? media_type::kDockerConfig : media_type::kOciConfig) +
                     R"(","digest":")" + digest('c') + R"(","size":3},"layers":[)";
  char name = 'a';
  for (const std::string& type : layer_types) {
    text += (name == 'a' ? "" : ",");
    text += R"({"mediaType":")" + type + R"(","digest":")" + digest(name++) + R"(","size":5})";
  }
  return {std::nullopt, Manifest::parse({"", text + "]}"}), config, std::nullopt, {}};
}

DestinationTraits registry() {
  return {"docker",
          {std::string(media_type::kOciManifest), std::string(media_type::kDockerManifest),
           std::string(media_type::kOciIndex)},
          LayerCompression::compress,
          SEALOS_PARALLEL};
}

DestinationTraits archive() {
  return {"docker-archive",
          {std::string(media_type::kDockerManifest)},
          LayerCompression::decompress,
          0};
}

}  // namespace

TEST_CASE("what is compressed goes as it is, what is not is compressed for a registry") {
  const ImagePlan plan =
      plan_image(input({kOciLayer + "+gzip", kOciLayer, kOciLayer + "+zstd"}), registry());
  CHECK(plan.layers[0].recode == Recode::none);
  CHECK(plan.layers[0].result->str() == digest('a'));
  CHECK(plan.layers[1].recode == Recode::compress);
  CHECK(plan.layers[1].compression == "gzip");
  CHECK_FALSE(plan.layers[1].result);
  CHECK(plan.layers[2].recode == Recode::none);
  CHECK(plan.kinds == std::vector{ManifestKind::oci});
}

TEST_CASE("a destination of docker manifests gets one, with plain layers of known digest") {
  const ImagePlan plan = plan_image(input({kOciLayer + "+zstd"}), archive());
  CHECK(plan.layers[0].recode == Recode::decompress);
  CHECK(plan.layers[0].result->str() == digest('d'));
  CHECK(plan.kinds == std::vector{ManifestKind::docker});
}

TEST_CASE("kinds are tried in the peers' order") {
  CHECK(plan_image(input({kDockerLayer + ".gzip"}, true), registry()).kinds ==
        std::vector{ManifestKind::docker, ManifestKind::oci});
  CHECK(plan_image(input({kOciLayer + "+gzip"}), registry()).kinds ==
        std::vector{ManifestKind::oci, ManifestKind::docker});
  DestinationTraits any = registry();
  any.manifest_types.clear();
  CHECK(plan_image(input({kOciLayer + "+gzip"}), any).kinds == std::vector{ManifestKind::oci});
}

TEST_CASE("a digest that the destination names freezes the manifest") {
  ImageInput image = input({kOciLayer});
  DestinationTraits to = registry();
  to.required_digest = image.manifest.digest();
  const ImagePlan plan = plan_image(image, to);
  CHECK(plan.layers[0].recode == Recode::none);
  CHECK(plan.kinds == std::vector{ManifestKind::oci});
  to.required_digest = Digest::require(digest('0'));
  CHECK_THROWS_AS(plan_image(image, to), Error);
  DestinationTraits frozen_archive = archive();
  frozen_archive.required_digest = image.manifest.digest();
  CHECK_THROWS_AS(plan_image(image, frozen_archive), Error);
}

TEST_CASE("layers arrive in the compression that is asked for, and stay where they have it") {
  ImageWishes wishes;
  wishes.compression.form = LayerForm::zstd;
  wishes.compression.level = 7;
  const ImagePlan plan =
      plan_image(input({kOciLayer + "+gzip", kOciLayer, kOciLayer + "+zstd"}), registry(), wishes);
  CHECK(plan.layers[0].recode == Recode::compress);
  CHECK(plan.layers[0].compression == "zstd");
  CHECK(plan.layers[0].level == 7);
  CHECK(plan.layers[1].recode == Recode::compress);
  CHECK(plan.layers[2].recode == Recode::none);
  CHECK(plan.kinds == std::vector{ManifestKind::oci});
  wishes.compression.form = LayerForm::plain;
  wishes.compression.level.reset();
  const ImagePlan plain = plan_image(input({kOciLayer + "+gzip"}), registry(), wishes);
  CHECK(plain.layers[0].recode == Recode::decompress);
  CHECK(plain.layers[0].result->str() == digest('d'));
}

TEST_CASE("docker has no zstd: the manifest becomes one of OCI, or the wish is refused") {
  ImageWishes wishes;
  wishes.compression.form = LayerForm::zstd;
  const ImageInput image = input({kDockerLayer + ".gzip"}, true);
  CHECK(plan_image(image, registry(), wishes).kinds == std::vector{ManifestKind::oci});
  CHECK_THROWS_WITH_AS(plan_image(image, restricted_to(ManifestFormat::v2s2, registry()), wishes),
                       doctest::Contains("no layers compressed with zstd"), Error);
  CHECK_THROWS_WITH_AS(plan_image(image, archive(), wishes), doctest::Contains("uncompressed"),
                       Error);
}

TEST_CASE("where digests must be preserved, what would change them is refused") {
  ImageWishes wishes;
  wishes.preserve_digests = true;
  const ImageInput image = input({kOciLayer + "+gzip", kOciLayer});
  const ImagePlan plan = plan_image(image, registry(), wishes);
  CHECK(plan.layers[1].recode == Recode::none);
  CHECK(plan.kinds == std::vector{ManifestKind::oci});
  CHECK_THROWS_WITH_AS(plan_image(image, archive(), wishes),
                       doctest::Contains("--preserve-digests"), Error);
  CHECK_THROWS_WITH_AS(plan_image(image, restricted_to(ManifestFormat::v2s2, registry()), wishes),
                       doctest::Contains("--format asks for v2s2"), Error);
  wishes.compression.form = LayerForm::zstd;
  CHECK_THROWS_WITH_AS(plan_image(image, registry(), wishes),
                       doctest::Contains("asked for is zstd"), Error);
}

TEST_CASE("a level that nothing would use is refused") {
  ImageWishes wishes;
  wishes.compression.level = 9;
  const auto check = [&](const std::string& type) {
    check_level_used(wishes.compression, {plan_image(input({type}), registry(), wishes)});
  };
  check(kOciLayer);
  CHECK_THROWS_AS(check(kOciLayer + "+gzip"), Error);
}

TEST_CASE("layers in a compression that is only read stay, or are recoded") {
  const ImagePlan plan = plan_image(input({kOciLayer + "+xz"}), registry());
  CHECK(plan.layers[0].recode == Recode::none);
  CHECK(plan.kinds == std::vector{ManifestKind::oci});
  ImageWishes wishes;
  wishes.compression.form = LayerForm::gzip;
  CHECK(plan_image(input({kOciLayer + "+xz"}), registry(), wishes).layers[0].recode ==
        Recode::compress);
  CHECK_THROWS_AS(
      plan_image(input({kOciLayer + "+xz"}), restricted_to(ManifestFormat::v2s2, registry())),
      Error);
}

TEST_CASE("an encrypted layer cannot change its compression") {
  ImageWishes wishes;
  wishes.compression.form = LayerForm::zstd;
  CHECK_THROWS_WITH_AS(plan_image(input({kOciLayer + "+gzip+encrypted"}), registry(), wishes),
                       doctest::Contains("encrypted"), Error);
}

TEST_CASE("signatures need a place, and freeze the manifest") {
  ImageInput image = input({kOciLayer});
  image.signatures.push_back({"simple-signing", "x"});
  CHECK_THROWS_WITH_AS(plan_image(image, registry()), doctest::Contains("--remove-signatures"),
                       Error);
  DestinationTraits to = registry();
  to.signature_formats = {"sigstore-json"};
  CHECK_THROWS_WITH_AS(plan_image(image, to), doctest::Contains("1 signature(s)"), Error);
  to.signature_formats = {"sigstore-json", "simple-signing"};
  CHECK(plan_image(image, to).layers[0].recode == Recode::none);
  to.signature_formats.reset();
  CHECK(plan_image(image, to).layers[0].recode == Recode::none);
}

TEST_CASE("layers that the source holds in another form are read as it has them") {
  ImageInput image = input({kOciLayer + "+gzip"});
  Blob plain;
  plain.digest = Digest::require(digest('d'));
  plain.size = 10;
  plain.compression = "";
  image.layer_infos = {plain};
  const ImagePlan plan = plan_image(image, registry());
  CHECK(plan.layers[0].from.digest->str() == digest('d'));
  CHECK(plan.layers[0].recode == Recode::compress);
  CHECK(plan.layers[0].original_serves);
  ImageWishes wishes;
  wishes.compression.form = LayerForm::zstd;
  CHECK_FALSE(plan_image(image, registry(), wishes).layers[0].original_serves);
  wishes.compression.force = false;
  CHECK(plan_image(image, registry(), wishes).layers[0].original_serves);
  image.signatures.push_back({"simple-signing", "x"});
  DestinationTraits to = registry();
  to.signature_formats.reset();
  CHECK(plan_image(image, to).layers[0].must_reuse);
  image.layer_infos->clear();
  CHECK_THROWS_AS(plan_image(image, registry()), Error);
}

TEST_CASE("foreign layers stay at their URLs where the destination keeps those") {
  ImageInput image = input({std::string(media_type::kDockerForeignLayer) + ".gzip"}, true);
  std::string text = image.manifest.bytes();
  text.insert(text.rfind("\"size\":5") + 8, R"(,"urls":["https://example.com/l"])");
  image.manifest = Manifest::parse({"", text});
  DestinationTraits to = registry();
  CHECK_FALSE(plan_image(image, to).layers[0].by_url);
  to.flags |= SEALOS_KEEPS_URLS;
  CHECK(plan_image(image, to).layers[0].by_url);
}

TEST_CASE("an index goes where one can be held") {
  const Manifest index = Manifest::parse({"", R"({"schemaVersion":2,"manifests":[]})"});
  CHECK(plan_index(index, registry()) == std::vector{ManifestKind::oci_index});
  CHECK_THROWS_WITH_AS(plan_index(index, archive()), doctest::Contains("--all"), Error);
}
