#include "support/oci_layout/manifest_check.hpp"

#include <fmt/format.h>

#include "support/digest/hasher.hpp"
#include "support/json/json.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::oci_layout {

void check_layout_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  if (manifest.label != kOciManifest && manifest.label != kOciIndex) {
    throw Error(
        Status::manifest_rejected,
        fmt::format("an OCI layout takes no manifest of type \"{}\"", printable(manifest.label)));
  }
  if (instance && digest_of(manifest.data, instance->algorithm()) != *instance) {
    throw Error(Status::corrupt,
                fmt::format("manifest {} does not have that digest", instance->brief()));
  }
  if (manifest.data.size() > kMaxManifest) {
    throw Error(Status::unsupported,
                fmt::format("a manifest has {} bytes, more than the {} that would be read again",
                            manifest.data.size(), kMaxManifest));
  }
}

void check_layout_version(std::string_view text) {
  const std::string version = Json::parse(text).text_at("imageLayoutVersion");
  if (version == "1.0.0") return;
  throw Error(Status::unsupported,
              fmt::format("the layout has version \"{}\", known is \"1.0.0\"", printable(version)));
}

}  // namespace sealos::oci_layout
