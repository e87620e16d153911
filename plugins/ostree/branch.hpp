// Names of branches, as the Go transport made them. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sealos/sdk/digest.hpp"

namespace sealos::ostree {

/// All branches of images and blobs are below this.
inline constexpr std::string_view kBranches = "ociimage";

/// "ociimage/localhost_2Fa_3A1" for "localhost/a:1".
std::string image_branch(std::string_view image);
/// Of a blob: "ociimage/" and the hex digits. Throws SEALOS_UNSUPPORTED for digests other than
/// sha256, which the format has no names for.
std::string blob_branch(const Digest& digest);

/// The image whose branch this is, without the "ociimage/"; nullopt: it is a blob's, or nobody's.
std::optional<std::string> image_of_branch(std::string_view branch);
/// The digest of the blob whose branch this is, without the "ociimage/".
std::optional<Digest> blob_of_branch(std::string_view branch);

}  // namespace sealos::ostree
