// Which kind of manifest arrives: what --format asks for, and the order in which kinds are tried.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/copy/plan.hpp"

namespace sealos {

/// What --format names.
enum class ManifestFormat { oci, v2s2, v2s1 };

/// "oci", "v2s2" or "docker", "v2s1"; throws SEALOS_INVALID for others.
ManifestFormat manifest_format_named(std::string_view name);

/// The destination as one that takes manifests and indexes of that format only. Throws
/// SEALOS_UNSUPPORTED where it does not take them.
DestinationTraits restricted_to(ManifestFormat format, DestinationTraits destination);

bool accepts(const DestinationTraits& destination, ManifestKind kind);

/// The kinds of an image's manifest to try, as the peers do: the source's, docker schema 2, signed
/// schema 1, then the rest as the destination likes them best.
std::vector<ManifestKind> image_kinds(ManifestKind source, const DestinationTraits& destination);

/// "docker takes an OCI manifest, ...", or what was asked for, for messages.
std::string what_is_taken(const DestinationTraits& destination);

}  // namespace sealos
