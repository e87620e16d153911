#include "squashfs_reader.hpp"

#include <fmt/format.h>
#include <sqfs/xattr.h>

#include <algorithm>
#include <limits>

namespace sealos::sif {
namespace {

constexpr std::uint64_t kMostNames = 8'000'000;
constexpr size_t kMostDepth = 1000;
constexpr size_t kMostPath = 32 * 1024;
constexpr std::uint32_t kMostFragments = 1 << 24;
constexpr std::uint32_t kMostXattrs = 1024;  // of one file
constexpr std::uint64_t kNoTable = 0xFFFFFFFFFFFFFFFF;
/// What files may have together: so much in any case, and so many times the file system's size.
constexpr std::uint64_t kExpectedSize = std::uint64_t{64} << 30;
constexpr std::uint64_t kExpectedRatio = 64;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Status::corrupt, "squashfs: " + why);
}

std::uint32_t device_of(const sqfs_inode_generic_t& inode) {
  return inode.base.type >= SQFS_INODE_EXT_DIR ? inode.data.dev_ext.devno : inode.data.dev.devno;
}

int basic_type(int type) { return type >= SQFS_INODE_EXT_DIR ? type - 7 : type; }

}  // namespace

int SquashfsEntry::type() const { return basic_type(inode->base.type); }

std::uint64_t SquashfsEntry::size() const {
  sqfs_u64 size = 0;
  ::sqfs_inode_get_file_size(inode, &size);
  return size;
}

std::string SquashfsEntry::link() const {
  const std::uint32_t size = inode->base.type == SQFS_INODE_EXT_SLINK
                                 ? inode->data.slink_ext.target_size
                                 : inode->data.slink.target_size;
  return {reinterpret_cast<const char*>(inode->extra), size};
}

std::uint32_t SquashfsEntry::device_major() const { return (device_of(*inode) >> 8) & 0xfff; }
std::uint32_t SquashfsEntry::device_minor() const {
  const std::uint32_t device = device_of(*inode);
  return (device & 0xff) | ((device >> 12) & 0xfff00);
}

std::uint32_t SquashfsEntry::links() const {
  switch (inode->base.type) {
    case SQFS_INODE_EXT_FILE:
      return inode->data.file_ext.nlink;
    case SQFS_INODE_SLINK:
    case SQFS_INODE_EXT_SLINK:
      return inode->data.slink.nlink;
    case SQFS_INODE_BDEV:
    case SQFS_INODE_CDEV:
    case SQFS_INODE_EXT_BDEV:
    case SQFS_INODE_EXT_CDEV:
      return inode->data.dev.nlink;
    case SQFS_INODE_FIFO:
    case SQFS_INODE_EXT_FIFO:
      return inode->data.ipc.nlink;
    default:
      return 1;
  }
}

SquashfsReader::SquashfsReader(int file, std::int64_t offset, std::int64_t size)
    : file_(file, offset, size) {
  load_tables();
  load_xattrs();
  rewind();
}

void SquashfsReader::load_tables() {
  file_.check(::sqfs_super_read(&super_, file_.c()), "reading the superblock");
  if (super_.fragment_entry_count > kMostFragments ||
      static_cast<std::int64_t>(super_.fragment_entry_count) > file_.size()) {
    refuse(fmt::format("it cannot have {} fragments", super_.fragment_entry_count));
  }
  const auto id = static_cast<SQFS_COMPRESSOR>(super_.compression_id);
  const std::string name = compressor_name(super_.compression_id);
  sqfs_compressor_config_t config;
  sqfs_compressor_t* compressor = nullptr;
  if (::sqfs_compressor_config_init(&config, id, super_.block_size, SQFS_COMP_FLAG_UNCOMPRESS) !=
          0 ||
      ::sqfs_compressor_create(&config, &compressor) != 0) {
    throw Error(Status::unsupported,
                fmt::format("the squashfs is compressed with {}, which cannot be read here", name));
  }
  compressor_.reset(compressor);
  if (super_.flags & SQFS_FLAG_COMPRESSOR_OPTIONS) {
    file_.check(compressor_->read_options(compressor_.get(), file_.c()),
                "reading the compressor's options");
  }
  ids_ = made(::sqfs_id_table_create(0));
  file_.check(::sqfs_id_table_read(ids_.get(), file_.c(), &super_, compressor_.get()),
              "reading the table of owners");
  folders_ = made(::sqfs_dir_reader_create(&super_, compressor_.get(), file_.c(), 0));
  data_ = made(::sqfs_data_reader_create(file_.c(), super_.block_size, compressor_.get(), 0));
  file_.check(::sqfs_data_reader_load_fragment_table(data_.get(), &super_),
              "reading the table of fragments");
}

/// The library looks at the flag alone, and does not survive a table that is not there.
void SquashfsReader::load_xattrs() {
  if ((super_.flags & SQFS_FLAG_NO_XATTRS) != 0 || super_.xattr_id_table_start == kNoTable) return;
  xattrs_ = made(::sqfs_xattr_reader_create(0));
  file_.check(::sqfs_xattr_reader_load(xattrs_.get(), &super_, file_.c(), compressor_.get()),
              "reading the table of extended attributes");
}

void SquashfsReader::rewind() {
  levels_.clear();
  entered_.clear();
  names_ = 0;
  started_ = false;
  sqfs_inode_generic_t* root = nullptr;
  file_.check(::sqfs_dir_reader_get_root_inode(folders_.get(), &root), "reading the root folder");
  root_.reset(root);
  if (basic_type(root_->base.type) != SQFS_INODE_DIR) refuse("its root is no folder");
}

SquashfsEntry SquashfsReader::entry_of(std::string path, const sqfs_inode_generic_t& inode) {
  SquashfsEntry entry{std::move(path), &inode, 0, 0};
  file_.check(::sqfs_id_table_index_to_id(ids_.get(), inode.base.uid_idx, &entry.uid),
              "looking up an owner");
  file_.check(::sqfs_id_table_index_to_id(ids_.get(), inode.base.gid_idx, &entry.gid),
              "looking up a group");
  return entry;
}

std::optional<SquashfsEntry> SquashfsReader::next() {
  if (!started_) {
    started_ = true;
    enter("", *root_);
    return entry_of("", *root_);
  }
  while (!levels_.empty() && levels_.back().at == levels_.back().children.size())
    levels_.pop_back();
  if (levels_.empty()) return std::nullopt;
  Level& level = levels_.back();
  const Child& child = level.children[level.at++];
  SquashfsEntry entry = entry_of(level.path + child.name, *child.inode);
  if (entry.path.size() > kMostPath) refuse("a path is too long");
  // The level of the folder stays, and with it the inode.
  if (entry.is_folder()) enter(entry.path + "/", *child.inode);
  return entry;
}

void SquashfsReader::enter(const std::string& path, const sqfs_inode_generic_t& folder) {
  if (levels_.size() >= kMostDepth) refuse("its folders are too deep");
  if (!entered_.insert(folder.base.inode_number).second)
    refuse(fmt::format("the folder {} is in it more than once", printable(path)));
  file_.check(::sqfs_dir_reader_open_dir(folders_.get(), &folder, 0),
              "opening folder " + printable(path));
  Level level{path, {}, 0};
  while (true) {
    sqfs_dir_entry_t* read = nullptr;
    const int result = ::sqfs_dir_reader_read(folders_.get(), &read);
    const SqfsMemory<sqfs_dir_entry_t> entry(read);
    file_.check(result, "reading folder " + printable(path));
    if (result > 0) break;
    if (++names_ > kMostNames) refuse("it has too many names");
    std::string name = checked_name(*entry);
    sqfs_inode_generic_t* inode = nullptr;
    file_.check(::sqfs_dir_reader_get_inode(folders_.get(), &inode),
                "reading " + printable(path + name));
    Child child{std::move(name), SqfsInode(inode)};
    if (basic_type(inode->base.type) != basic_type(entry->type))
      refuse(fmt::format("{} is of two kinds", printable(path + child.name)));
    if (!level.children.empty() && level.children.back().name >= child.name)
      refuse(fmt::format("the names in folder {} are not in order", printable(path)));
    level.children.push_back(std::move(child));
  }
  levels_.push_back(std::move(level));
}

std::string SquashfsReader::checked_name(const sqfs_dir_entry_t& entry) const {
  std::string name(reinterpret_cast<const char*>(entry.name), size_t{entry.size} + 1);
  const bool zero = name.find('\0') != std::string::npos;
  if (name == "." || name == ".." || zero || name.find('/') != std::string::npos)
    refuse(fmt::format("\"{}\" is no name of a file", printable(name)));
  return name;
}

size_t SquashfsReader::read(const SquashfsEntry& file, std::uint64_t at,
                            std::span<std::byte> into) {
  const auto want = static_cast<sqfs_u32>(std::min<size_t>(into.size(), 1 << 30));
  const sqfs_s32 n = ::sqfs_data_reader_read(data_.get(), file.inode, at, into.data(), want);
  file_.check(n, "reading " + printable(file.path));
  return static_cast<size_t>(n);
}

std::vector<std::pair<std::string, std::string>> SquashfsReader::xattrs(
    const SquashfsEntry& entry) {
  std::vector<std::pair<std::string, std::string>> out;
  sqfs_u32 index = kNoXattr;
  if (!xattrs_ || ::sqfs_inode_get_xattr_index(entry.inode, &index) != 0 || index == kNoXattr)
    return out;
  const std::string doing = "reading the attributes of " + printable(entry.path);
  sqfs_xattr_id_t set;
  file_.check(::sqfs_xattr_reader_get_desc(xattrs_.get(), index, &set), doing);
  if (set.count > kMostXattrs) refuse(doing + ": there are too many");
  file_.check(::sqfs_xattr_reader_seek_kv(xattrs_.get(), &set), doing);
  for (std::uint32_t i = 0; i < set.count; ++i) {
    sqfs_xattr_entry_t* key = nullptr;
    file_.check(::sqfs_xattr_reader_read_key(xattrs_.get(), &key), doing);
    const SqfsMemory<sqfs_xattr_entry_t> key_owner(key);
    sqfs_xattr_value_t* value = nullptr;
    file_.check(::sqfs_xattr_reader_read_value(xattrs_.get(), key, &value), doing);
    const SqfsMemory<sqfs_xattr_value_t> value_owner(value);
    out.emplace_back(reinterpret_cast<const char*>(key->key),
                     std::string(reinterpret_cast<const char*>(value->value), value->size));
    if (out.back().first.find('=') != std::string::npos) refuse(doing + ": a name has a =");
  }
  std::sort(out.begin(), out.end());
  return out;
}

void SquashfsReader::survey(const std::function<void()>& checkpoint) {
  const std::uint64_t most =
      std::max(kExpectedSize, static_cast<std::uint64_t>(file_.size()) * kExpectedRatio);
  std::uint64_t left = most;
  std::set<std::uint32_t> linked;
  rewind();
  while (const auto entry = next()) {
    checkpoint();
    if (!entry->is_file()) continue;
    const std::uint64_t size = entry->size();
    // The second name of a file becomes a link, which has no content.
    if (entry->links() > 1 && !linked.insert(entry->number()).second) continue;
    if (size > left) {
      throw Error(Status::unsupported,
                  fmt::format("squashfs: its files have more than {} bytes together, which is not "
                              "believed of a file system of {}",
                              most, file_.size()));
    }
    left -= size;
  }
  rewind();
}

}  // namespace sealos::sif
