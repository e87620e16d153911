#include "core/copy/plan.hpp"

#include <doctest/doctest.h>

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
          SEALOS_PARALLEL,
          false,
          std::nullopt};
}

DestinationTraits archive() {
  return {"docker-archive",
          {std::string(media_type::kDockerManifest)},
          LayerCompression::decompress,
          0,
          false,
          std::nullopt};
}

}  // namespace

TEST_CASE("what is compressed goes as it is, what is not is compressed for a registry") {
  const ImagePlan plan =
      plan_image(input({kOciLayer + "+gzip", kOciLayer, kOciLayer + "+zstd"}), registry());
  CHECK(plan.layers[0].recode == Recode::none);
  CHECK(plan.layers[0].result->str() == digest('a'));
  CHECK(plan.layers[1].recode == Recode::gzip);
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

TEST_CASE("signatures need a place, and freeze the manifest") {
  ImageInput image = input({kOciLayer});
  image.signatures.push_back({"simple-signing", "x"});
  CHECK_THROWS_WITH_AS(plan_image(image, registry()), doctest::Contains("--remove-signatures"),
                       Error);
  DestinationTraits to = registry();
  to.stores_signatures = true;
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
  CHECK(plan.layers[0].recode == Recode::gzip);
  image.signatures.push_back({"simple-signing", "x"});
  DestinationTraits to = registry();
  to.stores_signatures = true;
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
