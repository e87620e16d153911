#include "core/copy/index_plan.hpp"

#include <doctest/doctest.h>

#include "support/digest/hasher.hpp"

using namespace sealos;

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

Selection selection(size_t left_out = 0) {
  const std::string text =
      R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("digest":")" +
      kDigest + R"(","size":3}]})";
  const std::string image =
      R"({"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":")" + kDigest +
      R"(","size":3}})";
  Selection out;
  out.indexes.push_back({std::nullopt, Manifest::parse({"", text}), {}, left_out});
  out.images.push_back(
      {Digest::require(kDigest), Manifest::parse({"", image}), "", std::nullopt, {}, ""});
  return out;
}

DestinationTraits traits() {
  DestinationTraits to;
  to.name = "docker";
  to.manifest_types = {std::string(media_type::kOciManifest), std::string(media_type::kOciIndex),
                       std::string(media_type::kDockerList)};
  return to;
}

}  // namespace

TEST_CASE("an index that may change is offered in both kinds, and freezes nothing") {
  Selection all = selection();
  const auto plans = plan_indexes(all, traits(), false);
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].kinds == std::vector{ManifestKind::oci_index, ManifestKind::docker_list});
  CHECK(plans[0].frozen.empty());
  CHECK(all.images[0].frozen.empty());
}

TEST_CASE("a sparse index keeps its kind, and its images as they are") {
  Selection all = selection(2);
  const auto plans = plan_indexes(all, traits(), true);
  CHECK(plans[0].kinds == std::vector{ManifestKind::oci_index});
  CHECK(plans[0].sparse);
  CHECK(all.images[0].frozen.find("sparse") != std::string::npos);
}

TEST_CASE("signatures and named digests keep an index from losing entries") {
  DestinationTraits to = traits();
  to.signature_formats.reset();
  Selection signed_one = selection(1);
  signed_one.indexes[0].signatures = {{"simple-signing", "x"}};
  CHECK_THROWS_WITH_AS(plan_indexes(signed_one, to, false), doctest::Contains("invalid"), Error);
  Selection whole = selection();
  whole.indexes[0].signatures = {{"simple-signing", "x"}};
  CHECK(plan_indexes(whole, to, false)[0].kinds.size() == 1);
  CHECK_FALSE(whole.images[0].frozen.empty());
  Selection named = selection(1);
  to.required_digest = named.indexes[0].manifest.digest();
  CHECK_THROWS_AS(plan_indexes(named, to, false), Error);
}

TEST_CASE("what an index has and the destination cannot store is refused") {
  Selection all = selection();
  all.indexes[0].signatures = {{"simple-signing", "x"}};
  CHECK_THROWS_WITH_AS(plan_indexes(all, traits(), false), doctest::Contains("--remove-signatures"),
                       Error);
  DestinationTraits images = traits();
  images.manifest_types = {std::string(media_type::kOciManifest)};
  Selection again = selection();
  CHECK_THROWS_AS(plan_indexes(again, images, false), Error);
  CHECK_THROWS_AS(require_index_holder(images), Error);
  CHECK_NOTHROW(require_index_holder(traits()));
  CHECK_NOTHROW(require_index_holder({}));
}
