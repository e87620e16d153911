// The names of the files in a dir: folder, and what its version file says. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sealos/sdk/digest.hpp"

namespace sealos::dir {

/// 1.1 names files by the hex digits of a sha256 digest; 1.2 puts the algorithm in front, and is
/// written only where a digest of another kind occurs.
enum class Version { v1_1, v1_2 };

inline constexpr std::string_view kVersionFile = "version";
inline constexpr std::string_view kManifestFile = "manifest.json";

/// The most that is read of a manifest.
inline constexpr size_t kMaxManifest = 4 << 20;

std::string version_text(Version version);
/// Throws SEALOS_UNSUPPORTED for a newer version, SEALOS_INVALID for what is no version file.
Version parse_version(std::string_view text);

std::string blob_name(Version version, const Digest& digest);
std::string manifest_name(Version version, const std::optional<Digest>& instance);
/// number: from 1.
std::string signature_name(Version version, const std::optional<Digest>& instance, size_t number);

/// Whether a file of that name may be a blob, manifest or signature of this format.
bool is_name_of_format(std::string_view name);

/// The media type of a manifest, by its content, as other tools guess it; "" if it cannot be told.
std::string guess_media_type(std::string_view manifest);

}  // namespace sealos::dir
