// The file system of an image as a tree in memory, and layers applied to it. No I/O.
#pragma once

#include <sqfs/inode.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "layer_entries.hpp"

namespace sealos::sif {

using layer_tar::EntryKind;

/// What one or more names stand for. Its kind is never hard_link.
struct Inode {
  explicit Inode(EntryKind of) : kind(of) {}
  Inode(const Inode&) = delete;
  Inode& operator=(const Inode&) = delete;
  ~Inode();

  EntryKind kind;
  std::uint32_t mode = 0, uid = 0, gid = 0;
  std::uint32_t mtime = 0;  ///< seconds since 1970
  std::uint32_t device_major = 0, device_minor = 0;
  std::string link;  ///< of a symbolic link
  std::vector<std::pair<std::string, std::string>> xattrs;
  std::int64_t size = 0;  ///< of a file
  /// Where a file's content is: entry `entry` of layer `layer`, both counted from 0; or in text.
  static constexpr std::uint32_t kInText = 0xFFFFFFFF;
  std::uint32_t layer = kInText, entry = 0;
  std::string text;

  // What the writer of a squashfs knows of it.
  std::uint32_t names = 0, number = 0;
  std::uint64_t reference = 0;
  bool written = false;
  sqfs_inode_generic_t* data = nullptr;  ///< of a file, once its content has been begun; owned
};

struct Node {
  explicit Node(std::shared_ptr<Inode> of) : inode(std::move(of)) {}
  bool is_folder() const { return inode->kind == EntryKind::folder; }

  std::shared_ptr<Inode> inode;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;  ///< of a folder, by bytes
};

/// Names are never resolved through symbolic links. Not for concurrent use.
class ImageTree {
 public:
  /// mtime: of folders that are needed and that no layer describes.
  explicit ImageTree(std::uint32_t mtime);

  Node& root() { return *root_; }
  const Node& root() const { return *root_; }
  /// What has the path ("a/b"); nullptr: nothing.
  Node* find(std::string_view path) const;

  /// Applies the layer that stands above all that were applied before: what it removes of them
  /// first, then what it adds, in its order. Uses the entries up. Throws SEALOS_CORRUPT for a layer
  /// that cannot be.
  void apply(std::vector<LayerEntry> entries, std::uint32_t layer);

  /// The folder with this path, made where it is missing; what is no folder on the way is replaced.
  Node& folder(std::string_view path);
  /// A file with this content in place of what has the path, owned by root.
  void put_file(std::string_view path, std::string text, std::uint32_t mode);
  /// A symbolic link, unless something has the path.
  void put_link(std::string_view path, std::string target);

  /// Calls visit for each node, folders before what is in them, the root first.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for_each(*root_, visit);
  }

 private:
  template <typename Visit>
  static void for_each(Node& node, Visit&& visit) {
    visit(node);
    for (const auto& [name, child] : node.children) for_each(*child, visit);
  }

  std::shared_ptr<Inode> new_folder() const;
  Node& folder(const std::vector<std::string>& parts, size_t count);
  void remove(const std::vector<std::string>& parts);
  void add(LayerEntry entry, const std::vector<std::string>& parts, std::uint32_t layer,
           std::uint32_t number);
  void add_link(const LayerEntry& entry, const std::vector<std::string>& parts);

  std::uint32_t mtime_;
  std::unique_ptr<Node> root_;
};

}  // namespace sealos::sif
