// A stage on a thread of its own: reads ahead, and hashes what passes.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "sealos/sdk/stream.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {

/// Reads `from` on a thread of its own, a few buffers of 256 KiB ahead of the reader. Every buffer
/// is given to `inspect` on that thread, in order, before the reader sees it; at the end `finish`
/// is called there. What either throws, or `from`, is thrown to the reader in its place. The
/// destructor ends the thread; it waits for at most one read of `from`.
std::unique_ptr<Stream> read_ahead(std::unique_ptr<Stream> from,
                                   std::function<void(std::span<const std::byte>)> inspect,
                                   std::function<void()> finish);

}  // namespace sealos
