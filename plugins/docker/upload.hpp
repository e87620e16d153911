// Writing one blob.
#pragma once

#include <optional>
#include <string>

#include "registry.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::docker {

/// Its size, if the repository has the blob.
std::optional<std::int64_t> head_blob(Registry& registry, const std::string& repository,
                                      const Digest& digest);

/// Lets the repository share a blob that another one of the same registry has. False if the
/// registry does not want to; nothing is left open then.
bool mount_blob(Registry& registry, const Digest& digest, const std::string& from_repository);

/// Sends the stream. The blob's digest is computed here if it is not known. An upload that fails
/// is cancelled at the registry, as far as that can be reached.
Blob upload_blob(Registry& registry, const Blob& blob, Stream& from);

}  // namespace sealos::docker
