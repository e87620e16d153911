// Media types and annotation keys that layouts and archives are read and written by.
#pragma once

#include <string_view>

namespace sealos::oci_layout {

inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";

inline constexpr std::string_view kRefName = "org.opencontainers.image.ref.name";
inline constexpr std::string_view kContainerdName = "io.containerd.image.name";
/// "attestation-manifest" marks what BuildKit says of an image, which is no image.
inline constexpr std::string_view kDockerReferenceType = "vnd.docker.reference.type";

/// The whole content of the file oci-layout.
inline constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";

/// The most that is read of an index.json, a manifest or an index.
inline constexpr size_t kMaxManifest = 4 << 20;

inline bool is_index(std::string_view type) { return type == kOciIndex || type == kDockerList; }
inline bool is_manifest(std::string_view type) {
  return type == kOciManifest || type == kDockerManifest;
}

}  // namespace sealos::oci_layout
