// The blobs of a layout as files: `<algorithm>/<hex>` below one folder.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/file/file.hpp"
#include "support/file/staged_file.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos::oci {

/// "sha256/0123...".
std::string path_of(const Digest& digest);

/// Safe for concurrent use.
class BlobFolder final : public oci_layout::BlobFiles {
 public:
  /// path: for messages.
  BlobFolder(Fd folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}

  std::unique_ptr<Stream> open(const Digest& digest, std::int64_t size, std::int64_t offset,
                               std::int64_t length) const override;
  /// nullopt: there is no such file.
  std::optional<std::int64_t> size(const Digest& digest) const;
  /// Whether the file has that content.
  bool verify(const Digest& digest) const;
  int fd() const { return folder_.get(); }
  const std::string& path() const { return path_; }

 private:
  Fd folder_;
  std::string path_;
};

/// Removes the blobs of `before` that are not in `after`. Nobody else may write to the layout.
/// Returns how many.
size_t remove_blobs(const std::set<Digest>& before, const std::set<Digest>& after,
                    const BlobFolder& blobs);

/// Puts blobs into a BlobFolder and knows which ones. Safe for concurrent use.
class BlobWriter {
 public:
  explicit BlobWriter(std::shared_ptr<const BlobFolder> folder) : folder_(std::move(folder)) {}

  /// Keeps what ended well. Returns digest and size.
  Blob put(const Blob& blob, Stream& from);
  /// Bytes in memory, whose digest is known.
  void put(const Digest& digest, std::string_view bytes);
  /// A blob that is there already is going to be used.
  void use(const Digest& digest);
  /// Returns when all that was put or used is on the disk.
  void flush();
  /// Removes what was put here and was not there before, and folders made for it. Only for who has
  /// the layout alone: others may have begun to use these blobs. Never throws.
  void undo() noexcept;

 private:
  void keep(StagedFile& file, const Digest& digest, std::int64_t size);

  std::shared_ptr<const BlobFolder> folder_;
  std::mutex mutex_;  // guards what follows
  std::set<Digest> put_, used_;
  std::set<std::string> folders_made_;
};

}  // namespace sealos::oci
