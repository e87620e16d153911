// A squashfs inside of a file, read without being mounted.
#pragma once

#include <sqfs/data_reader.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/id_table.h>
#include <sqfs/xattr_reader.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "squashfs_objects.hpp"

namespace sealos::sif {

/// What a name in a squashfs stands for.
struct SquashfsEntry {
  std::string path;                             ///< "" for the root; no "/" in front
  const sqfs_inode_generic_t* inode = nullptr;  ///< the reader's, until the next call of next()
  std::uint32_t uid = 0, gid = 0;

  std::uint32_t number() const { return inode->base.inode_number; }
  unsigned mode() const { return inode->base.mode & 07777u; }
  bool is_folder() const { return type() == SQFS_INODE_DIR; }
  bool is_file() const { return type() == SQFS_INODE_FILE; }
  /// One of the basic types, SQFS_INODE_DIR to SQFS_INODE_SOCKET.
  int type() const;
  std::uint64_t size() const;  ///< of a file
  std::string link() const;    ///< of a symbolic link
  std::uint32_t device_major() const, device_minor() const;
  /// How many names it has; 1 where the squashfs does not say.
  std::uint32_t links() const;
};

/// Visits every name, parents before children, the names of a folder in the order of the disk,
/// which is that of bytes. Everything the squashfs says is checked. Not for concurrent use.
class SquashfsReader {
 public:
  /// `size` bytes at `offset` of a file; borrows the descriptor. Throws SEALOS_CORRUPT, and
  /// SEALOS_UNSUPPORTED where the library lacks the compressor.
  SquashfsReader(int file, std::int64_t offset, std::int64_t size);

  /// The next name; nullopt after the last.
  std::optional<SquashfsEntry> next();
  /// Starts again with the root.
  void rewind();

  /// Bytes of a file from `at`; 0 at its end.
  size_t read(const SquashfsEntry& file, std::uint64_t at, std::span<std::byte> into);
  std::vector<std::pair<std::string, std::string>> xattrs(const SquashfsEntry& entry);

  std::uint32_t inode_count() const { return super_.inode_count; }
  /// Visits all names before anything of them is used, and throws where the files together are
  /// larger than an image of this size can be expected to be. checkpoint may throw.
  void survey(const std::function<void()>& checkpoint);

 private:
  struct Child {
    std::string name;
    SqfsInode inode;
  };
  struct Level {
    std::string path;
    std::vector<Child> children;
    size_t at = 0;
  };

  void load_tables();
  void load_xattrs();
  SquashfsEntry entry_of(std::string path, const sqfs_inode_generic_t& inode);
  void enter(const std::string& path, const sqfs_inode_generic_t& folder);
  std::string checked_name(const sqfs_dir_entry_t& entry) const;

  RegionFile file_;
  sqfs_super_t super_{};
  SqfsObject<sqfs_compressor_t> compressor_;
  SqfsObject<sqfs_id_table_t> ids_;
  SqfsObject<sqfs_dir_reader_t> folders_;
  SqfsObject<sqfs_data_reader_t> data_;
  SqfsObject<sqfs_xattr_reader_t> xattrs_;  // empty: it has none
  SqfsInode root_;
  std::vector<Level> levels_;
  std::set<std::uint32_t> entered_;  // numbers of folders
  std::uint64_t names_ = 0;
  bool started_ = false;
};

}  // namespace sealos::sif
