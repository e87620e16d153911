#include "core/manifest/manifest.hpp"

#include <doctest/doctest.h>

using sealos::Error;
using sealos::Manifest;
using sealos::ManifestKind;

namespace {

std::string digest(char c) { return "sha256:" + std::string(64, c); }

std::string descriptor(const std::string& type, char c, const std::string& more = "") {
  return R"({"mediaType":")" + type + R"(","digest":")" + digest(c) + R"(","size":7)" + more + "}";
}

const std::string kConfig = "application/vnd.oci.image.config.v1+json";
const std::string kLayer = "application/vnd.oci.image.layer.v1.tar+gzip";

std::string image(const std::string& head = "") {
  return R"({"schemaVersion":2,)" + head + R"("config":)" + descriptor(kConfig, 'c') +
         R"(,"layers":[)" + descriptor(kLayer, 'a') + "]}";
}

}  // namespace

TEST_CASE("an OCI manifest is known with and without its media type") {
  for (const std::string label : {"", "application/vnd.oci.image.manifest.v1+json", "text/plain"}) {
    const Manifest m = Manifest::parse({label, image()});
    CHECK(m.kind() == ManifestKind::oci);
    CHECK(m.is_image());
    CHECK(m.layers().size() == 1);
    CHECK(m.layers()[0].to_blob().compression == "gzip");
    CHECK(m.item().label == "application/vnd.oci.image.manifest.v1+json");
    CHECK(m.bytes() == image());
  }
}

TEST_CASE("manifests that are none, or two at once, are refused") {
  const std::string index = R"({"schemaVersion":2,"manifests":[]})";
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "{"},
      {"", "[]"},
      {"", R"({"schemaVersion":2})"},
      {"", R"({"schemaVersion":3,"config":{},"layers":[]})"},
      {"", R"({"schemaVersion":2,"config":)" + descriptor(kConfig, 'c') + "}"},
      {"",
       R"({"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":"sha256:../x","size":1}})"},
      {"", R"({"schemaVersion":2,"layers":[{"mediaType":"x"}],"config":)" +
               descriptor(kConfig, 'c') + "}"},
      {"", R"({"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":")" + digest('c') +
               R"(","size":-1}})"},
      {"",
       R"({"schemaVersion":2,"layers":[],"layers":[],"config":)" + descriptor(kConfig, 'c') + "}"},
      {"", R"({"schemaVersion":2,"manifests":[],"config":)" + descriptor(kConfig, 'c') +
               R"(,"layers":[]})"},
      {"application/vnd.oci.image.index.v1+json", image()},
      {"application/vnd.docker.distribution.manifest.v2+json",
       image(R"("mediaType":"application/vnd.oci.image.manifest.v1+json",)")},
      {"", R"({"schemaVersion":1,"fsLayers":[]})"},
      {"", image() + std::string(5 << 20, ' ')}};
  for (const auto& [label, text] : bad) {
    const std::string beginning = text.substr(0, 200);
    CAPTURE(beginning);
    CHECK_THROWS_AS(Manifest::parse({label, text}), Error);
  }
  CHECK(Manifest::parse({"", index}).is_index());
}
