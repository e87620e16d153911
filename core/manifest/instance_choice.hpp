// Which images of an index are wanted. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/manifest/descriptor.hpp"

namespace sealos {

/// An image as an index, or one inside it, lists it.
struct InstanceEntry {
  Descriptor entry;
  std::optional<Platform> platform;  ///< its own, else that of the index it is in
};

/// Annotations of buildkit's attestations: what they are, and the image that they describe.
inline constexpr std::string_view kAttestationType = "vnd.docker.reference.type";
inline constexpr std::string_view kAttestedDigest = "vnd.docker.reference.digest";

/// Whether it describes another image, and is no image to be run (buildkit's attestations).
bool is_attestation(const Descriptor& entry);

/// The one image that serves `wanted` best: by platform_rank, then one with zstd layers before one
/// without, then the first. An image without a platform serves where no other does. nullopt: none.
std::optional<size_t> choose_one(const std::vector<InstanceEntry>& entries, const Platform& wanted);

/// For each platform all images that serve it best, so that one platform's gzip and zstd images
/// stay together, and what describes them; in order, each once. An image without a platform serves
/// none. Throws SEALOS_NOT_FOUND where nothing serves a platform.
std::vector<size_t> choose_several(const std::vector<InstanceEntry>& entries,
                                   const std::vector<Platform>& wanted);

/// Throws SEALOS_NOT_FOUND: nothing serves `wanted`, and what there is.
[[noreturn]] void throw_no_instance(const std::vector<InstanceEntry>& entries,
                                    const Platform& wanted);

/// Whether an index may have an image for one of them: false only where it says that it is for
/// another platform.
bool may_serve(const std::optional<Platform>& index, const std::vector<Platform>& wanted);

}  // namespace sealos
