// What an upload reads from.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>

#include "sealos/sdk/stream.hpp"
#include "support/digest/hasher.hpp"

namespace sealos::docker {

/// A stream that is sent in parts, hashed where its digest is not known. With a descriptor it can
/// stand anywhere, without one it only goes on.
class UploadSource final : public Stream {
 public:
  UploadSource(Stream& from, bool hashes);

  size_t read(std::span<std::byte> into) override;
  std::int64_t size() const override { return from_->size(); }
  int fd() const override { return hasher_ ? -1 : from_->fd(); }

  /// Without a descriptor the bytes up to there are read and dropped; back is not possible.
  void go_to(std::int64_t offset);
  /// The next `size` bytes are all that read gives; -1: all there are.
  void limit(std::int64_t size) { left_ = size; }
  /// Throws SEALOS_CORRUPT if there is more, and what the stream throws at a bad end.
  void expect_end();
  /// Moves everything into a file without a name in the folder, which then has a descriptor.
  /// Returns its size; with `hashes` the digest is known afterwards.
  std::int64_t spool(const std::string& folder);

  /// Whether the stream itself has thrown.
  bool failed() const { return failed_; }
  std::int64_t taken() const { return taken_; }
  Digest digest();

 private:
  Stream* from_;
  std::unique_ptr<Stream> spooled_;
  std::optional<Hasher> hasher_;
  std::optional<Digest> digest_;
  off_t start_ = 0;
  std::int64_t taken_ = 0, left_ = -1;
  bool failed_ = false;
};

}  // namespace sealos::docker
