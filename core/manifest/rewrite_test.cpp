#include "core/manifest/rewrite.hpp"

#include <doctest/doctest.h>

using sealos::Descriptor;
using sealos::Manifest;
using sealos::ManifestKind;

namespace {

std::string digest_of(char c) { return "sha256:" + std::string(64, c); }

const std::string kOci =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)"
    R"({"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
    digest_of('c') + R"(","size":7,"data":"e30="},"layers":[{"mediaType":)" +
    R"("application/vnd.oci.image.layer.v1.tar","digest":")" + digest_of('a') +
    R"(","size":9}],"annotations":{"k":"v"},"future":[1]})";

}  // namespace

TEST_CASE("rewriting changes what it is told and keeps the rest") {
  const Manifest image = Manifest::parse({"", kOci});
  CHECK(sealos::rewrite_image(image, image.kind(), image.config(), image.layers()).data == kOci);
  Descriptor layer = image.layers()[0];
  layer.media_type += "+gzip";
  layer.digest = sealos::Digest::require(digest_of('b'));
  layer.size = 5;
  const sealos::Item item = sealos::rewrite_image(image, image.kind(), image.config(), {layer});
  const Manifest again = Manifest::parse(item);
  CHECK(again.layers()[0].digest.str() == digest_of('b'));
  CHECK(again.json().find("future") != nullptr);
  CHECK(again.json().at("config").text_at("data") == "e30=");
}

TEST_CASE("an image goes from OCI to docker and back") {
  const Manifest image = Manifest::parse({"", kOci});
  Descriptor config = image.config();
  config.media_type = sealos::media_type::kDockerConfig;
  Descriptor layer = image.layers()[0];
  layer.media_type = *sealos::layer_media_type(ManifestKind::docker, {"gzip", false});
  const Manifest docker =
      Manifest::parse(sealos::rewrite_image(image, ManifestKind::docker, config, {layer}));
  CHECK(docker.kind() == ManifestKind::docker);
  CHECK(docker.layers()[0].media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip");
  CHECK(docker.json().find("annotations") == nullptr);
  CHECK(sealos::obstacle_to(docker, ManifestKind::oci, "{}").empty());
}

TEST_CASE("what has no docker form says why") {
  std::string artifact = kOci;
  artifact.replace(artifact.find("application/vnd.oci.image.config"), 32,
                   "application/vnd.example.thing.co");
  const Manifest image = Manifest::parse({"", artifact});
  CHECK_FALSE(sealos::obstacle_to(image, ManifestKind::docker, "{}").empty());
}

TEST_CASE("layer types have counterparts, but zstd none outside OCI") {
  using sealos::layer_media_type;
  using sealos::layer_type;
  CHECK(layer_type("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")->foreign);
  CHECK(layer_type("application/vnd.oci.image.layer.v1.tar+zstd")->compression == "zstd");
  CHECK_FALSE(layer_type("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"));
  CHECK_FALSE(layer_type("application/octet-stream"));
  CHECK_FALSE(layer_media_type(ManifestKind::docker, {"zstd", false}));
  CHECK(*layer_media_type(ManifestKind::oci, {"", true}) ==
        "application/vnd.oci.image.layer.nondistributable.v1.tar");
}

TEST_CASE("an index keeps its order and gets its new entries") {
  const std::string entry =
      R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + digest_of('1') +
      R"(","size":3,"platform":{"architecture":"amd64","os":"linux"}})";
  const std::string text = R"({"schemaVersion":2,"manifests":[)" + entry + "]}";
  const Manifest index = Manifest::parse({"", text});
  CHECK(sealos::rewrite_index(index, index.kind(), index.instances()).data == text);
  const Manifest list =
      Manifest::parse(sealos::rewrite_index(index, ManifestKind::docker_list, index.instances()));
  CHECK(list.kind() == ManifestKind::docker_list);
  CHECK(list.instances()[0].platform->architecture == "amd64");
}
