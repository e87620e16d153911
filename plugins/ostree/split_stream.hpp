// The tar of a split layer, out of a commit.
#pragma once

#include <memory>

#include "sealos/sdk/stream.hpp"
#include "stored_commit.hpp"

namespace sealos::ostree {

/// One file at a time is open. The bytes are not verified: who reads them knows their digest.
/// Throws SEALOS_CORRUPT.
std::unique_ptr<Stream> split_stream(std::shared_ptr<const StoredCommit> commit,
                                     const PlainForm& form);

}  // namespace sealos::ostree
