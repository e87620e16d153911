// The blobs of an OCI layout in a tar archive.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "sealos/sdk/host.hpp"
#include "support/oci_layout/layout_source.hpp"
#include "support/tar/tar_file.hpp"

namespace sealos {

/// "blobs/sha256/0123...".
std::string archive_path_of(const Digest& digest);
/// The digest in such a path; nullopt for other paths.
std::optional<Digest> digest_in_path(std::string_view path);

/// What an archive is read with: a host's folder for temporary files, its progress.
TarOptions tar_options(const sdk::Host& host, const char* doing);

/// Reading an archive with the services of a host: its folder for temporary files, its progress.
std::shared_ptr<const TarFile> open_archive(const sdk::Host& host, const std::string& path);

/// An archive that may be opened more than once, though what comes by a pipe comes once. Safe for
/// concurrent use.
class ArchiveInput {
 public:
  explicit ArchiveInput(std::string path) : path_(std::move(path)) {}
  std::shared_ptr<const TarFile> open(const sdk::Host& host) const;

 private:
  std::string path_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const TarFile> piped_;
};

/// Safe for concurrent use.
class ArchiveBlobs final : public oci_layout::BlobFiles {
 public:
  explicit ArchiveBlobs(std::shared_ptr<const TarFile> tar) : tar_(std::move(tar)) {}

  std::unique_ptr<Stream> open(const Digest& digest, std::int64_t size, std::int64_t offset,
                               std::int64_t length) const override;
  /// nullopt: there is no such member.
  std::optional<std::int64_t> size(const Digest& digest) const;
  const TarFile& tar() const { return *tar_; }

 private:
  std::shared_ptr<const TarFile> tar_;
};

/// The text of a member at the root of an archive, at most 4 MiB; nullopt: it has none.
std::optional<std::string> archive_text(const TarFile& tar, const std::string& name,
                                        size_t most = 4 << 20);

}  // namespace sealos
