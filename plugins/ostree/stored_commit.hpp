// What a commit says of itself. It may have come from anywhere, and say anything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "repository.hpp"
#include "sealos/sdk/digest.hpp"

namespace sealos::ostree {

/// Keys of the metadata (containers/image, ostree/ostree_dest.go). All values are text.
inline constexpr const char* kManifest = "docker.manifest";
inline constexpr const char* kManifestDigest = "docker.digest";
inline constexpr const char* kSignatures = "signatures";
inline constexpr const char* kSize = "docker.size";
inline constexpr const char* kPlainSize = "docker.uncompressed_size";
inline constexpr const char* kPlainDigest = "docker.uncompressed_digest";
inline constexpr const char* kTarSplit = "tarsplit.output";

/// How a split blob reads: the tar in it.
struct PlainForm {
  Digest digest;
  std::int64_t size;
};

/// Immutable.
class StoredCommit {
 public:
  /// Throws SEALOS_CORRUPT where it cannot be read, or parts of it are missing in the repository.
  StoredCommit(std::shared_ptr<const Repository> repository, std::string checksum);

  const Repository& repository() const { return *repository_; }
  std::shared_ptr<const Repository> shared_repository() const { return repository_; }
  const std::string& checksum() const { return checksum_; }
  /// The text of a key, which lives as long as this; nullopt: there is no such key, or it is no
  /// text.
  std::optional<std::string_view> text(const char* key) const;
  /// As text, for a decimal number. Throws SEALOS_CORRUPT for what is none.
  std::optional<std::int64_t> number(const char* key) const;
  /// nullopt: the blob is stored raw. Throws SEALOS_CORRUPT where it makes no sense.
  std::optional<PlainForm> plain_form() const;
  /// Checksums of the root folder's content and metadata.
  std::string root() const;
  std::string root_metadata() const;

 private:
  std::shared_ptr<const Repository> repository_;
  std::string checksum_;
  Variant commit_, metadata_;
};

}  // namespace sealos::ostree
