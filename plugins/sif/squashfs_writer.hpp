// Writes a tree as a squashfs into a file, at an offset.
#pragma once

#include <sqfs/block_processor.h>
#include <sqfs/block_writer.h>
#include <sqfs/dir_writer.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/meta_writer.h>
#include <sqfs/xattr_writer.h>

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>

#include "image_tree.hpp"
#include "squashfs_objects.hpp"

namespace sealos::sif {

struct SquashfsSettings {
  enum class Kind { gzip, zstd };
  Kind kind = Kind::gzip;
  int level = 0;  ///< 0: the kind's usual one
  std::uint32_t block_size = 128 * 1024;
  std::uint32_t mtime = 0;
  unsigned threads = 0;  ///< 0: as many as there are processors
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

/// The levels that a kind has.
int least_level(SquashfsSettings::Kind kind);
int most_level(SquashfsSettings::Kind kind);
int usual_level(SquashfsSettings::Kind kind);

/// Order: contents of files, then finish(), once. Blocks are compressed on threads of its own; what
/// is written depends neither on their number nor on their pace. Same contents are stored once.
/// Memory is bounded by threads times blocks. Not for concurrent use. It must go before the tree,
/// whose inodes it fills, does.
class SquashfsWriter {
 public:
  /// Borrows the descriptor. Writes from `offset` on, and cuts off what is behind.
  SquashfsWriter(int file, std::int64_t offset, const SquashfsSettings& settings);
  ~SquashfsWriter();

  void begin_file(Inode& inode);
  void append(std::span<const std::byte> bytes);
  void end_file();

  /// Writes the tree. Returns the size of the whole, which is padded.
  std::int64_t finish(ImageTree& tree);

 private:
  void start();
  void number(Node& folder);
  void write_folder(Node& folder, std::uint32_t parent);
  void write_inode(Inode& inode);
  void write_other(Inode& inode);
  void write(Inode& inode, sqfs_inode_generic_t& data);
  std::uint32_t xattrs_of(const Inode& inode);
  void write_tables(const Inode& root);
  void check(int result, std::string_view doing) { file_.check(result, doing); }

  SquashfsSettings settings_;
  RegionFile file_;
  sqfs_super_t super_{};
  SqfsObject<sqfs_compressor_t> compressor_, decompressor_;
  SqfsObject<sqfs_block_writer_t> blocks_;
  SqfsObject<sqfs_frag_table_t> fragments_;
  SqfsObject<sqfs_id_table_t> ids_;
  SqfsObject<sqfs_xattr_writer_t> xattrs_;
  SqfsObject<sqfs_block_processor_t> processor_;
  SqfsObject<sqfs_meta_writer_t> inodes_, folders_;
  SqfsObject<sqfs_dir_writer_t> names_;
  std::uint32_t inode_count_ = 0;
  std::set<std::string> dropped_;  // names of attributes that a squashfs cannot have
};

}  // namespace sealos::sif
