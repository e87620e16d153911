// The digest that a layer has without compression, found out while the layer passes as it is.
#pragma once

#include <memory>
#include <optional>

#include "core/stream/side_reader.hpp"
#include "sealos/sdk/stream.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {

/// Passes the bytes of a layer on. They are decompressed and hashed beside that, on threads of its
/// own; at most 1 MiB waits for those. Bytes that cannot be decompressed are SEALOS_CORRUPT, at the
/// latest where the stream ends.
class PlainDigest final : public Stream {
 public:
  explicit PlainDigest(std::unique_ptr<Stream> from);
  size_t read(std::span<std::byte> into) override { return reader_.read(into); }
  std::int64_t size() const override { return reader_.size(); }

  /// After the end.
  const Digest& digest() const { return digest_.value(); }

 private:
  std::optional<Digest> digest_;
  SideReader reader_;  // the last, so that its thread finds the above
};

}  // namespace sealos
