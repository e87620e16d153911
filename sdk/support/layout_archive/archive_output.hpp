// An archive of blobs that is being written: to a file that appears when it is whole, or to
// standard output.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/file/staged_file.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos {

/// Where an archive is to be, and what is there now.
class ArchiveTarget {
 public:
  /// path "-": standard output. Throws where the folder around it does not exist.
  explicit ArchiveTarget(std::string path);

  const std::string& path() const { return path_; }
  /// Standard output, a pipe or a device: written through, never replaced.
  bool is_pipe() const { return pipe_; }
  /// A file with something in it is there.
  bool exists() const { return exists_; }
  /// Throws SEALOS_UNAVAILABLE where the file is not the one that was there when this was made.
  void check_unchanged() const;

  Fd open_pipe() const;
  Fd open_folder() const;
  /// The name in open_folder().
  std::string file_name() const;

 private:
  struct Identity {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, changed_s = 0, changed_ns = 0;
    bool operator==(const Identity&) const = default;
  };
  Identity identity() const;

  std::string path_;  // symbolic links resolved
  bool pipe_ = false, exists_ = false;
  Identity before_;
};

/// The size of a blob that `former`, which may be nullptr, has and that can be carried over.
std::optional<std::int64_t> size_to_carry_over(const ArchiveBlobs* former, const Blob& blob,
                                               const Digest& digest);

/// Not for concurrent use. What is not committed leaves no file; a pipe gets no end of the archive.
class ArchiveOutput {
 public:
  /// mode: of the members. Blobs of `former`, which may be nullptr, can be carried over.
  ArchiveOutput(const sdk::Host& host, ArchiveTarget target, unsigned mode,
                std::shared_ptr<const ArchiveBlobs> former);

  /// Writes a blob, unless it is there already. Returns digest and size.
  Blob put(const Blob& blob, Stream& from);
  void put(const Digest& digest, std::string_view bytes);
  bool has(const Digest& digest) const { return written_.contains(digest); }
  /// Its size if it is there, or has been carried over.
  std::optional<std::int64_t> reuse(const Blob& blob, const Digest& digest);
  /// Copies a blob of the former archive, if it has it and it is not here yet.
  void carry_over(const Digest& digest);

  /// Copies another member of the former archive.
  void carry_member(const TarMember& member, const std::string& name);

  /// Blobs get these names in place of blobs/<algorithm>/<hex>; those carried over do not.
  using Namer = std::string (*)(const Blob& blob, const Digest& digest);
  void name_blobs(Namer namer) { namer_ = namer; }

  /// A member that is no blob.
  void add(const std::string& name, std::string_view text) { tar_->add(name, text); }

  /// Ends the archive, flushes it to the disk and gives it its name.
  void commit();

 private:
  std::string path_for(const Blob& blob, const Digest& digest) const;

  sdk::Host host_;
  ArchiveTarget target_;
  std::shared_ptr<const ArchiveBlobs> former_;
  Fd folder_, pipe_;
  std::unique_ptr<StagedFile> file_;
  std::unique_ptr<FileSink> sink_;
  std::unique_ptr<TarWriter> tar_;
  Namer namer_ = nullptr;
  std::map<Digest, std::int64_t> written_;  // and their sizes
  std::set<std::string> others_;            // members carried over
};

}  // namespace sealos
