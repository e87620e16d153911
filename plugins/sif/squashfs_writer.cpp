#include "squashfs_writer.hpp"

#include <fmt/format.h>
#include <sqfs/xattr.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "deflate_compressor.hpp"
#include "sif_format.hpp"

namespace sealos::sif {
namespace {

constexpr unsigned kMostThreads = 64;
constexpr unsigned kBacklog = 10;  // blocks for each thread

SqfsObject<sqfs_compressor_t> library_compressor(SQFS_COMPRESSOR id, const SquashfsSettings& from,
                                                 std::uint16_t flags) {
  sqfs_compressor_config_t config;
  sqfs_compressor_t* out = nullptr;
  if (::sqfs_compressor_config_init(&config, id, from.block_size, flags) != 0)
    throw Error(Status::internal, "squashfs: the compressor is not known to the library");
  if (flags != SQFS_COMP_FLAG_UNCOMPRESS) config.level = static_cast<sqfs_u32>(from.level);
  if (::sqfs_compressor_create(&config, &out) != 0)
    throw Error(Status::internal, "squashfs: the library cannot start its compressor");
  return made(out);
}

SQFS_COMPRESSOR id_of(SquashfsSettings::Kind kind) {
  return kind == SquashfsSettings::Kind::gzip ? SQFS_COMP_GZIP : SQFS_COMP_ZSTD;
}

unsigned type_bits(EntryKind kind) {
  switch (kind) {
    case EntryKind::folder:
      return SQFS_INODE_MODE_DIR;
    case EntryKind::symlink:
      return SQFS_INODE_MODE_LNK;
    case EntryKind::char_device:
      return SQFS_INODE_MODE_CHR;
    case EntryKind::block_device:
      return SQFS_INODE_MODE_BLK;
    case EntryKind::fifo:
      return SQFS_INODE_MODE_FIFO;
    default:
      return SQFS_INODE_MODE_REG;
  }
}

std::uint16_t mode_of(const Inode& inode) {
  return static_cast<std::uint16_t>(type_bits(inode.kind) | (inode.mode & 07777u));
}

}  // namespace

int least_level(SquashfsSettings::Kind) { return 1; }
int most_level(SquashfsSettings::Kind kind) {
  return kind == SquashfsSettings::Kind::gzip ? 12 : 22;
}
int usual_level(SquashfsSettings::Kind kind) {
  return kind == SquashfsSettings::Kind::gzip ? 9 : 3;
}

SquashfsWriter::SquashfsWriter(int file, std::int64_t offset, const SquashfsSettings& settings)
    : settings_(settings), file_(file, offset, RegionFile::kUnlimited) {
  if (settings_.level == 0) settings_.level = usual_level(settings_.kind);
  if (settings_.threads == 0) settings_.threads = std::max(1u, std::thread::hardware_concurrency());
  settings_.threads = std::min(settings_.threads, kMostThreads);
  start();
}

SquashfsWriter::~SquashfsWriter() = default;

void SquashfsWriter::start() {
  const SQFS_COMPRESSOR id = id_of(settings_.kind);
  check(::sqfs_super_init(&super_, settings_.block_size, settings_.mtime, id), "starting");
  check(::sqfs_super_write(&super_, file_.c()), "writing the superblock");
  compressor_ = settings_.kind == SquashfsSettings::Kind::gzip
                    ? deflate_compressor(settings_.level, settings_.block_size)
                    : library_compressor(id, settings_, 0);
  decompressor_ = library_compressor(id, settings_, SQFS_COMP_FLAG_UNCOMPRESS);
  const int options = compressor_->write_options(compressor_.get(), file_.c());
  check(options, "writing the compressor's options");
  if (options > 0) super_.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;
  blocks_ = made(::sqfs_block_writer_create(file_.c(), kAlignment, 0));
  fragments_ = made(::sqfs_frag_table_create(0));
  ids_ = made(::sqfs_id_table_create(0));
  xattrs_ = made(::sqfs_xattr_writer_create(0));
  sqfs_block_processor_desc_t wanted{};
  wanted.size = sizeof(wanted);
  wanted.max_block_size = settings_.block_size;
  wanted.num_workers = settings_.threads;
  wanted.max_backlog = settings_.threads * kBacklog;
  wanted.cmp = compressor_.get();
  wanted.wr = blocks_.get();
  wanted.tbl = fragments_.get();
  wanted.file = file_.c();  // what has the same checksum is compared before it is shared
  wanted.uncmp = decompressor_.get();
  sqfs_block_processor_t* processor = nullptr;
  check(::sqfs_block_processor_create_ex(&wanted, &processor), "starting threads");
  processor_.reset(processor);
}

void SquashfsWriter::begin_file(Inode& inode) {
  check(::sqfs_block_processor_begin_file(processor_.get(), &inode.data, nullptr, 0),
        "beginning a file");
}

void SquashfsWriter::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;  // the library does not survive it
  check(::sqfs_block_processor_append(processor_.get(), bytes.data(), bytes.size()),
        "writing a file");
}

void SquashfsWriter::end_file() {
  check(::sqfs_block_processor_end_file(processor_.get()), "ending a file");
}

std::int64_t SquashfsWriter::finish(ImageTree& tree) {
  tree.for_each([&](Node& node) {
    ++node.inode->names;
    if (node.inode->kind != EntryKind::file || node.inode->data != nullptr) return;
    begin_file(*node.inode);  // files that are empty, or have their content in the tree
    append(std::as_bytes(std::span(node.inode->text)));
    end_file();
  });
  check(::sqfs_block_processor_finish(processor_.get()), "compressing files");
  number(tree.root());
  tree.root().inode->number = ++inode_count_;
  inodes_ = made(::sqfs_meta_writer_create(file_.c(), compressor_.get(), 0));
  folders_ = made(
      ::sqfs_meta_writer_create(file_.c(), compressor_.get(), SQFS_META_WRITER_KEEP_IN_MEMORY));
  names_ = made(::sqfs_dir_writer_create(folders_.get(), SQFS_DIR_WRITER_CREATE_EXPORT_TABLE));
  super_.inode_table_start = static_cast<sqfs_u64>(file_.size());
  write_folder(tree.root(), 0);
  write_tables(*tree.root().inode);
  // The kernel does not mount what ends within a page.
  const std::int64_t used = file_.size();
  const std::int64_t padded = (used + kAlignment - 1) / kAlignment * kAlignment;
  const std::string zeros(static_cast<size_t>(padded - used), '\0');
  check(file_.c()->write_at(file_.c(), static_cast<sqfs_u64>(used), zeros.data(), zeros.size()),
        "writing the padding");
  return padded;
}

/// From 1 on, what is in a folder before the folder.
void SquashfsWriter::number(Node& folder) {
  for (const auto& [name, child] : folder.children) {
    if (child->is_folder()) number(*child);
    if (child->inode->number == 0) child->inode->number = ++inode_count_;
  }
}

void SquashfsWriter::write_folder(Node& folder, std::uint32_t parent) {
  Inode& inode = *folder.inode;
  std::uint32_t folders = 0;
  for (const auto& [name, child] : folder.children) {
    if (child->is_folder()) {
      ++folders;
      write_folder(*child, inode.number);
    } else if (!child->inode->written) {
      write_inode(*child->inode);
    }
  }
  check(::sqfs_dir_writer_begin(names_.get(), 0), "writing a folder");
  for (const auto& [name, child] : folder.children) {
    const Inode& of = *child->inode;
    check(::sqfs_dir_writer_add_entry(names_.get(), name.c_str(), of.number, of.reference,
                                      mode_of(of)),
          "writing the name " + printable(name));
  }
  check(::sqfs_dir_writer_end(names_.get()), "writing a folder");
  const SqfsInode data(::sqfs_dir_writer_create_inode(names_.get(), 0, xattrs_of(inode), parent));
  if (!data) throw Error(Status::internal, "squashfs: out of memory");
  (data->base.type == SQFS_INODE_EXT_DIR ? data->data.dir_ext.nlink : data->data.dir.nlink) =
      folders + 2;
  write(inode, *data);
}

void SquashfsWriter::write_inode(Inode& inode) {
  inode.written = true;
  if (inode.kind != EntryKind::file) return write_other(inode);
  check(::sqfs_inode_set_xattr_index(inode.data, xattrs_of(inode)), "writing attributes");
  if (inode.names > 1) {
    check(::sqfs_inode_make_extended(inode.data), "writing a file with several names");
    inode.data->data.file_ext.nlink = inode.names;
  }
  write(inode, *inode.data);
}

/// Links, devices and pipes.
void SquashfsWriter::write_other(Inode& inode) {
  std::vector<std::uint32_t> memory((sizeof(sqfs_inode_generic_t) + inode.link.size()) / 4 + 2);
  auto* data = new (memory.data()) sqfs_inode_generic_t{};
  if (inode.kind == EntryKind::symlink) {
    data->base.type = SQFS_INODE_SLINK;
    data->data.slink.nlink = inode.names;
    data->data.slink.target_size = static_cast<sqfs_u32>(inode.link.size());
    std::memcpy(data->extra, inode.link.data(), inode.link.size());
  } else if (inode.kind == EntryKind::fifo) {
    data->base.type = SQFS_INODE_FIFO;
    data->data.ipc.nlink = inode.names;
  } else {
    data->base.type = inode.kind == EntryKind::char_device ? SQFS_INODE_CDEV : SQFS_INODE_BDEV;
    data->data.dev.nlink = inode.names;
    data->data.dev.devno = (inode.device_minor & 0xff) | ((inode.device_major & 0xfff) << 8) |
                           ((inode.device_minor & 0xfff00) << 12);
  }
  check(::sqfs_inode_set_xattr_index(data, xattrs_of(inode)), "writing attributes");
  write(inode, *data);
}

void SquashfsWriter::write(Inode& inode, sqfs_inode_generic_t& data) {
  data.base.mode = mode_of(inode);
  data.base.mod_time = inode.mtime;
  data.base.inode_number = inode.number;
  check(::sqfs_id_table_id_to_index(ids_.get(), inode.uid, &data.base.uid_idx),
        "writing an owner; there may be 65535");
  check(::sqfs_id_table_id_to_index(ids_.get(), inode.gid, &data.base.gid_idx),
        "writing a group; there may be 65535");
  sqfs_u64 block = 0;
  sqfs_u32 offset = 0;
  ::sqfs_meta_writer_get_position(inodes_.get(), &block, &offset);
  inode.reference = (block << 16) | offset;
  check(::sqfs_meta_writer_write_inode(inodes_.get(), &data), "writing an inode");
}

std::uint32_t SquashfsWriter::xattrs_of(const Inode& inode) {
  std::uint32_t index = kNoXattr;
  if (inode.xattrs.empty()) return index;
  check(::sqfs_xattr_writer_begin(xattrs_.get(), 0), "writing attributes");
  bool any = false;
  for (const auto& [key, value] : inode.xattrs) {
    if (::sqfs_get_xattr_prefix_id(key.c_str()) < 0) {
      if (dropped_.size() < 10 && dropped_.insert(key).second) {
        settings_.warn(fmt::format(
            "the attribute {} is left out: a squashfs has user., trusted. and security. only",
            printable(key)));
      }
      continue;
    }
    any = true;
    check(::sqfs_xattr_writer_add(xattrs_.get(), key.c_str(), value.data(), value.size()),
          "writing attributes");
  }
  check(::sqfs_xattr_writer_end(xattrs_.get(), &index), "writing attributes");
  return any ? index : kNoXattr;
}

void SquashfsWriter::write_tables(const Inode& root) {
  check(::sqfs_meta_writer_flush(inodes_.get()), "writing inodes");
  check(::sqfs_meta_writer_flush(folders_.get()), "writing folders");
  super_.root_inode_ref = root.reference;
  super_.directory_table_start = static_cast<sqfs_u64>(file_.size());
  check(::sqfs_meta_write_write_to_file(folders_.get()), "writing folders");
  super_.inode_count = inode_count_;
  sqfs_compressor_t* const compressor = compressor_.get();
  check(::sqfs_frag_table_write(fragments_.get(), file_.c(), &super_, compressor),
        "writing fragments");
  check(::sqfs_dir_writer_write_export_table(names_.get(), file_.c(), compressor, root.number,
                                             root.reference, &super_),
        "writing the export table");
  check(::sqfs_id_table_write(ids_.get(), file_.c(), &super_, compressor), "writing owners");
  check(::sqfs_xattr_writer_flush(xattrs_.get(), file_.c(), &super_, compressor),
        "writing attributes");
  super_.bytes_used = static_cast<sqfs_u64>(file_.size());
  check(::sqfs_super_write(&super_, file_.c()), "writing the superblock");
}

}  // namespace sealos::sif
