// Streams whose bytes are checked on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/host/services.hpp"
#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos {

/// What has to be true of a blob, and who wants to know how far it is.
struct Expectation {
  std::optional<Digest> digest;
  std::int64_t size = -1;  ///< -1: unknown
  std::string what;        ///< "layer sha256:0123...", for messages
  const CancelToken* cancel = nullptr;
  std::function<void(std::int64_t bytes)> on_bytes;  ///< more bytes have passed; any thread
  /// Whoever reads it keeps several processors busy by itself, as what compresses does.
  bool reader_has_threads = false;
};

/// `from`, ending well only if its bytes have the expected digest and size; else its reader gets
/// SEALOS_CORRUPT. Hashing runs on a thread of its own where a processor is free for it. If `from`
/// offers a descriptor, so does the result: the bytes are then hashed through it (pread) while the
/// reader takes them by it, so a file that somebody changes during the copy could differ from what
/// was hashed.
std::unique_ptr<Stream> verified(std::unique_ptr<Stream> from, Expectation expected);

}  // namespace sealos
