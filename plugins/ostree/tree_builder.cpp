#include "tree_builder.hpp"

#include <fmt/format.h>

#include "support/layer_tar/tar_path.hpp"

namespace sealos::ostree {

struct TreeBuilder::Folder {
  std::map<std::string, std::string> files;
  std::map<std::string, std::unique_ptr<Folder>> folders;
  std::string metadata;  // "": not named so far
};

TreeBuilder::TreeBuilder() : root_(std::make_unique<Folder>()) {}
TreeBuilder::~TreeBuilder() = default;

std::string TreeBuilder::obstacle(const std::vector<std::string>& parts, bool folder) const {
  const Folder* at = root_.get();
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if ((!last || folder) && at->files.contains(parts[i]))
      return fmt::format("{} is no folder", printable(layer_tar::join_path(parts, i + 1)));
    const auto next = at->folders.find(parts[i]);
    if (next == at->folders.end()) return "";
    if (last && !folder) return fmt::format("{} is a folder", printable(parts[i]));
    at = next->second.get();
  }
  return "";
}

TreeBuilder::Folder& TreeBuilder::make(const std::vector<std::string>& parts, size_t count) {
  Folder* at = root_.get();
  for (size_t i = 0; i < count; ++i) {
    auto& next = at->folders[parts[i]];
    if (next == nullptr) next = std::make_unique<Folder>();
    at = next.get();
  }
  return *at;
}

void TreeBuilder::put_file(const std::vector<std::string>& parts, std::string checksum) {
  make(parts, parts.size() - 1).files[parts.back()] = std::move(checksum);
}

void TreeBuilder::put_folder(const std::vector<std::string>& parts, std::string metadata) {
  make(parts, parts.size()).metadata = std::move(metadata);
}

std::optional<std::string> TreeBuilder::file(const std::vector<std::string>& parts) const {
  if (parts.empty()) return std::nullopt;
  const Folder* at = root_.get();
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto next = at->folders.find(parts[i]);
    if (next == at->folders.end()) return std::nullopt;
    at = next->second.get();
  }
  const auto found = at->files.find(parts.back());
  if (found == at->files.end()) return std::nullopt;
  return found->second;
}

std::pair<std::string, std::string> TreeBuilder::write(const ObjectWriter& writer,
                                                       const std::string& usual) const {
  return write(*root_, writer, usual);
}

std::pair<std::string, std::string> TreeBuilder::write(const Folder& folder,
                                                       const ObjectWriter& writer,
                                                       const std::string& usual) {
  FolderEntries entries;
  for (const auto& [name, checksum] : folder.files) entries.files.emplace_back(name, checksum);
  for (const auto& [name, one] : folder.folders)
    entries.folders.emplace_back(name, write(*one, writer, usual));
  return {writer.folder(entries), folder.metadata.empty() ? usual : folder.metadata};
}

}  // namespace sealos::ostree
