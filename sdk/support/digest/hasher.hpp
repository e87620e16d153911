// Computes content digests with OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "sealos/sdk/digest.hpp"

namespace sealos {

/// Takes bytes in order and gives their digest. Not for concurrent use; may be moved to another
/// thread.
class Hasher {
 public:
  /// algorithm: "sha256", "sha384" or "sha512"; throws SEALOS_UNSUPPORTED for others.
  explicit Hasher(std::string_view algorithm = "sha256");
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }
  /// Of all bytes so far; call it once, last.
  Digest finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The digest of bytes that are in memory.
Digest digest_of(std::string_view bytes, std::string_view algorithm = "sha256");

}  // namespace sealos
