// What a stored manifest names. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/types.hpp"

namespace sealos::ostree {

inline constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";

/// The most that a manifest may have.
inline constexpr size_t kMaxManifest = 4 << 20;

/// By its mediaType, else by what it looks like. Throws SEALOS_CORRUPT for what is no manifest of
/// an image.
std::string manifest_type_of(std::string_view manifest);

/// The layers in their order, as the manifest describes them; of schema 1, which only digests name,
/// without its empty ones, the lowest first. Throws SEALOS_CORRUPT.
std::vector<Blob> layers_of(std::string_view manifest);
/// nullopt: it names none.
std::optional<Digest> config_of(std::string_view manifest);
/// rootfs.diff_ids of a config; empty for what is no image's config.
std::vector<Digest> diff_ids_of(std::string_view config);
/// Of config and layers, also of those that layers_of() leaves out.
std::vector<Digest> blobs_of(std::string_view manifest);

/// A layer's description where it is read as its tar.
Blob as_plain(Blob layer, const Digest& digest, std::int64_t size);

}  // namespace sealos::ostree
