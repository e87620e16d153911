#include "core/copy/format_choice.hpp"

#include <doctest/doctest.h>

using namespace sealos;

namespace {

DestinationTraits whole_registry() {
  DestinationTraits to;
  to.name = "docker";
  for (const ManifestKind kind :
       {ManifestKind::oci, ManifestKind::docker, ManifestKind::oci_index, ManifestKind::docker_list,
        ManifestKind::schema1_signed, ManifestKind::schema1}) {
    to.manifest_types.emplace_back(media_type_of(kind));
  }
  return to;
}

}  // namespace

TEST_CASE("formats have the names that the peers give them") {
  CHECK(manifest_format_named("docker") == ManifestFormat::v2s2);
  CHECK(manifest_format_named("v2s1") == ManifestFormat::v2s1);
  CHECK_THROWS_AS(manifest_format_named("v2"), Error);
}

TEST_CASE("kinds are tried as the peers do: the source's, v2s2, signed v2s1, the rest") {
  CHECK(image_kinds(ManifestKind::oci, whole_registry()) ==
        std::vector{ManifestKind::oci, ManifestKind::docker, ManifestKind::schema1_signed,
                    ManifestKind::schema1});
  CHECK(image_kinds(ManifestKind::schema1_signed, whole_registry()) ==
        std::vector{ManifestKind::schema1_signed, ManifestKind::docker, ManifestKind::oci,
                    ManifestKind::schema1});
  CHECK(image_kinds(ManifestKind::docker, DestinationTraits{}) ==
        std::vector{ManifestKind::docker});
}

TEST_CASE("a format leaves its manifests and its index") {
  const DestinationTraits to = restricted_to(ManifestFormat::v2s2, whole_registry());
  CHECK(to.manifest_types == std::vector<std::string>{std::string(media_type::kDockerManifest),
                                                      std::string(media_type::kDockerList)});
  CHECK(restricted_to(ManifestFormat::oci, DestinationTraits{}).manifest_types.size() == 2);
}

TEST_CASE("a format that the destination does not take is refused with what it takes") {
  DestinationTraits layout;
  layout.name = "oci";
  layout.manifest_types = {std::string(media_type::kOciManifest)};
  CHECK_THROWS_WITH_AS(restricted_to(ManifestFormat::v2s2, layout),
                       "--format v2s2: oci takes an OCI manifest, not a docker schema 2 manifest",
                       Error);
}
