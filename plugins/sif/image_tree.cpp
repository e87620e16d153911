#include "image_tree.hpp"

#include <fmt/format.h>
#include <sqfs/predef.h>

#include "sealos/sdk/error.hpp"
#include "support/layer_tar/tar_path.hpp"

namespace sealos::sif {
namespace {

using layer_tar::belongs_to_aufs;
using layer_tar::clean_path;
using layer_tar::kOpaque;
using layer_tar::kWhiteout;

bool is_whiteout(const std::vector<std::string>& parts) {
  return !parts.empty() && parts.back().starts_with(kWhiteout);
}

}  // namespace

Inode::~Inode() { ::sqfs_free(data); }

ImageTree::ImageTree(std::uint32_t mtime) : mtime_(mtime) {
  root_ = std::make_unique<Node>(new_folder());
}

std::shared_ptr<Inode> ImageTree::new_folder() const {
  auto inode = std::make_shared<Inode>(EntryKind::folder);
  inode->mode = 0755;
  inode->mtime = mtime_;
  return inode;
}

Node* ImageTree::find(std::string_view path) const {
  Node* at = root_.get();
  for (const std::string& part : clean_path(path)) {
    const auto child = at->children.find(part);
    if (child == at->children.end()) return nullptr;
    at = child->second.get();
  }
  return at;
}

Node& ImageTree::folder(const std::vector<std::string>& parts, size_t count) {
  Node* at = root_.get();
  for (size_t i = 0; i < count; ++i) {
    std::unique_ptr<Node>& child = at->children[parts[i]];
    if (!child || !child->is_folder()) child = std::make_unique<Node>(new_folder());
    at = child.get();
  }
  return *at;
}

Node& ImageTree::folder(std::string_view path) {
  const auto parts = clean_path(path);
  return folder(parts, parts.size());
}

void ImageTree::put_file(std::string_view path, std::string text, std::uint32_t mode) {
  const auto parts = clean_path(path);
  auto inode = std::make_shared<Inode>(EntryKind::file);
  inode->mode = mode;
  inode->mtime = mtime_;
  inode->size = static_cast<std::int64_t>(text.size());
  inode->text = std::move(text);
  folder(parts, parts.size() - 1).children[parts.back()] = std::make_unique<Node>(std::move(inode));
}

void ImageTree::put_link(std::string_view path, std::string target) {
  if (find(path) != nullptr) return;
  const auto parts = clean_path(path);
  auto inode = std::make_shared<Inode>(EntryKind::symlink);
  inode->mode = 0777;
  inode->mtime = mtime_;
  inode->link = std::move(target);
  folder(parts, parts.size() - 1).children[parts.back()] = std::make_unique<Node>(std::move(inode));
}

void ImageTree::apply(std::vector<LayerEntry> entries, std::uint32_t layer) {
  // A whiteout concerns lower layers alone, wherever it stands in the tar.
  for (const LayerEntry& entry : entries) {
    const auto parts = clean_path(entry.path);
    if (is_whiteout(parts) && !belongs_to_aufs(parts)) remove(parts);
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto parts = clean_path(entries[i].path);
    if (is_whiteout(parts) || belongs_to_aufs(parts)) continue;
    add(std::move(entries[i]), parts, layer, static_cast<std::uint32_t>(i));
  }
}

void ImageTree::remove(const std::vector<std::string>& parts) {
  const std::string& name = parts.back();
  Node* at = root_.get();
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto child = at->children.find(parts[i]);
    if (child == at->children.end()) return;
    at = child->second.get();
  }
  if (name == kOpaque) return at->children.clear();
  const std::string hidden = name.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..") {
    throw Error(Status::corrupt, fmt::format("the layer removes \"{}\"", printable(name)));
  }
  at->children.erase(hidden);
}

void ImageTree::add(LayerEntry entry, const std::vector<std::string>& parts, std::uint32_t layer,
                    std::uint32_t number) {
  if (entry.kind == EntryKind::hard_link) return add_link(entry, parts);
  auto inode = std::make_shared<Inode>(entry.kind);
  inode->mode = entry.mode;
  inode->uid = entry.uid;
  inode->gid = entry.gid;
  inode->mtime = entry.mtime;
  inode->device_major = entry.device_major;
  inode->device_minor = entry.device_minor;
  inode->xattrs = std::move(entry.xattrs);
  inode->size = entry.size;
  inode->layer = layer;
  inode->entry = number;
  if (entry.kind == EntryKind::symlink) inode->link = std::move(entry.link);
  if (parts.empty()) {
    if (entry.kind == EntryKind::folder) root_->inode = std::move(inode);
    return;
  }
  std::unique_ptr<Node>& at = folder(parts, parts.size() - 1).children[parts.back()];
  const bool keeps_children = at && at->is_folder() && entry.kind == EntryKind::folder;
  if (keeps_children) {
    at->inode = std::move(inode);
  } else {
    at = std::make_unique<Node>(std::move(inode));
  }
}

void ImageTree::add_link(const LayerEntry& entry, const std::vector<std::string>& parts) {
  Node* const target = find(entry.link);
  if (target == nullptr || target->is_folder() || parts.empty()) {
    throw Error(Status::corrupt,
                fmt::format("the layer has {} as a link to {}, which is no file of the image",
                            printable(entry.path), printable(entry.link)));
  }
  const std::shared_ptr<Inode> inode = target->inode;
  std::unique_ptr<Node>& at = folder(parts, parts.size() - 1).children[parts.back()];
  at = std::make_unique<Node>(inode);
}

}  // namespace sealos::sif
