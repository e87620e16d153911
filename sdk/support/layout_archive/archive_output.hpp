// An archive of blobs that is being written: to a file that appears when it is whole, or to
// standard output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/file/staged_file.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/layout_archive/archive_writer.hpp"

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

/// What the user wants done with a file that is there.
enum class Existing { unsaid, add, replace, refuse };
/// The value of an option; throws SEALOS_INVALID for another than add, replace and refuse.
Existing existing_wish(const sdk::Host& host, const char* option);

/// For concurrent use as writer() is, and try_reuse() in the same turns. What is not committed
/// leaves no file; a pipe gets no end of the archive.
class ArchiveOutput {
 public:
  /// mode: of the members. Blobs of `former`, which may be nullptr, can be carried over.
  ArchiveOutput(const sdk::Host& host, ArchiveTarget target, unsigned mode,
                std::shared_ptr<const ArchiveBlobs> former);

  ArchiveWriter& writer() { return *writer_; }
  /// SEALOS_ORDERED_BLOBS, for a destination that puts blobs by writer() and try_reuse() alone.
  const void* extension(const char* id) const;
  /// Finds blobs that are written, and those of the former archive, which are then carried over.
  std::optional<Blob> try_reuse(const Reuse& want);
  /// Copies a blob of the former archive, if it has it and it is not here yet.
  void carry_over(const Digest& digest);
  /// Copies another member of the former archive.
  void carry_member(const TarMember& member, const std::string& name);

  /// Ends the archive, flushes it to the disk and gives it its name.
  void commit();

 private:
  std::unique_ptr<StagedFile> stage() const;
  std::optional<std::int64_t> find_size(const Blob& blob, const Digest& digest);

  sdk::Host host_;
  ArchiveTarget target_;
  std::shared_ptr<const ArchiveBlobs> former_;
  Fd folder_, pipe_;
  std::unique_ptr<StagedFile> file_;
  std::unique_ptr<FileSink> sink_;
  std::unique_ptr<ArchiveWriter> writer_;
  std::set<std::string> others_;  // members carried over
};

}  // namespace sealos
