#include "support/docker_archive/image_description.hpp"

#include <doctest/doctest.h>

#include "support/docker_archive/test_archive.hpp"

using namespace sealos;
using namespace sealos::docker_archive::testing;
using docker_archive::ImageDescription;

namespace {

Item manifest_with(const std::string& layer) {
  return {std::string(oci_layout::kOciManifest), manifest_of(config_of({layer}), {layer})};
}

Json entry_for(const Item& manifest, const char* architecture) {
  Json entry = descriptor(manifest.label, manifest.data);
  entry.set("platform", Json::object({{"os", "linux"}, {"architecture", architecture}}));
  return entry;
}

Item index_of(const Json::Array& entries) {
  return {std::string(oci_layout::kOciIndex),
          Json::object({{"schemaVersion", 2}, {"manifests", entries}}).dump()};
}

}  // namespace

TEST_CASE(
    "an index is described by the image for the platform, else the first that is no attestation") {
  const Item note = manifest_with("note"), one = manifest_with("one"), two = manifest_with("two");
  Json attestation = entry_for(note, "unknown");
  attestation.set("annotations",
                  Json::object({{"vnd.docker.reference.type", "attestation-manifest"}}));
  ImageDescription image;
  image.add(digest_of(note.data), note);
  image.add(digest_of(one.data), one);
  image.add(digest_of(two.data), two);
  CHECK_FALSE(image.complete());
  image.add(std::nullopt, index_of({attestation, entry_for(one, "arm64"), entry_for(two, "amd64"),
                                    entry_for(manifest_with("missing"), "s390x")}));
  REQUIRE(image.complete());
  CHECK(image.described({"linux", "amd64"}) == two.data);
  CHECK(image.described({"linux", "arm64"}) == one.data);
  CHECK(image.described({"linux", "s390x"}) == one.data);
}

TEST_CASE("an index without an image that is here is refused, and a manifest with another digest") {
  ImageDescription image;
  image.add(std::nullopt, index_of({entry_for(manifest_with("missing"), "amd64")}));
  CHECK_THROWS_AS(image.described({"linux", "amd64"}), Error);
  CHECK_THROWS_AS(image.add(digest_of("other"), manifest_with("one")), Error);
}

TEST_CASE("an item has the paths that the writer gave to config and layers") {
  const auto item =
      ImageDescription::item_of(manifest_with("one").data, [](const Digest& digest, bool config) {
        return (config ? "c/" : "l/") + std::string(digest.hex());
      });
  CHECK(item.config == "c/" + hex_of(config_of({"one"})));
  CHECK(item.layers == std::vector<std::string>{"l/" + hex_of("one")});
}
