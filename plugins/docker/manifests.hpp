// Manifests in a registry.
#pragma once

#include <optional>
#include <string>

#include "registry.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

inline constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* kSchema1 = "application/vnd.docker.distribution.manifest.v1+json";
inline constexpr const char* kSchema1Signed =
    "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// `name` is a tag or a digest. The label of what is returned is the manifest's media type, from
/// the header or else from the text. The text is at most 4 MiB, and has the digest that the name
/// or the registry says.
/// once: a failure is not tried again.
Item get_manifest(Registry& registry, const std::string& name, bool once = false);

/// What the registry says is the digest of the manifest; nullopt: there is none, or it does not
/// say.
std::optional<Digest> head_manifest(Registry& registry, const std::string& name,
                                    const Scopes& scopes);

/// A registry that does not take manifests of this kind is SEALOS_MANIFEST_REJECTED. Returns what
/// the registry says is the subject that it noted (OCI-Subject); "": it noted none.
std::string put_manifest(Registry& registry, const std::string& name, const Item& manifest);

}  // namespace sealos::docker
