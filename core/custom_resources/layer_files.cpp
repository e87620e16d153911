#include "core/custom_resources/layer_files.hpp"

#include <fmt/format.h>

#include <vector>

#include "sealos/sdk/error.hpp"
#include "support/layer_tar/tar_path.hpp"

namespace sealos::custom_resources {
namespace {

using layer_tar::EntryKind;

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool matters(std::string_view path) {
  return path == kReadme || path == kFolder || is_below(path, kFolder);
}

bool is_wanted(std::string_view path) {
  return path == kReadme ||
         (is_below(path, kFolder) && (path.ends_with(".yaml") || path.ends_with(".yml")));
}

void forget_below(std::map<std::string, FoundFile>& files, const std::string& folder) {
  const std::string prefix = folder + "/";
  auto at = files.lower_bound(prefix);
  while (at != files.end() && at->first.starts_with(prefix)) at = files.erase(at);
}

const char* problem_of(const layer_tar::TarEntry& entry) {
  if (entry.kind == EntryKind::symlink) return "is a symbolic link, which is not followed";
  if (entry.kind != EntryKind::file) return "is no regular file";
  return entry.sparse ? "is a sparse file" : "";
}

}  // namespace

void LayerFilesMaker::count() {
  if (++entries_ > kMaxEntries)
    throw Error(Status::unsupported,
                fmt::format("it has more than {} files below {}/", kMaxEntries, kFolder));
}

std::string* LayerFilesMaker::add(const layer_tar::TarEntry& entry) {
  // Cheap for the many entries that do not matter.
  if (entry.name.find(kReadme) == std::string::npos &&
      entry.name.find(kFolder) == std::string::npos &&
      entry.name.find(layer_tar::kOpaque) == std::string::npos)
    return nullptr;
  const std::vector<std::string> parts = layer_tar::clean_path(entry.name);
  if (parts.empty() || layer_tar::belongs_to_aufs(parts)) return nullptr;
  const std::string& name = parts.back();
  if (name.starts_with(layer_tar::kWhiteout)) {
    add_whiteout(layer_tar::join_path(parts, parts.size() - 1), name);
    return nullptr;
  }
  const std::string path = layer_tar::join_path(parts, parts.size());
  if (!matters(path)) return nullptr;
  count();
  if (entry.kind != EntryKind::folder) return add_file(path, entry);
  add_folder(path);
  return nullptr;
}

void LayerFilesMaker::add_whiteout(const std::string& folder, const std::string& name) {
  if (name == layer_tar::kOpaque) {
    if (!folder.empty() && !matters(folder)) return;
    count();
    files_.opaque.insert(folder);
    return;
  }
  const std::string hidden = name.substr(layer_tar::kWhiteout.size());
  const std::string path = folder.empty() ? hidden : folder + "/" + hidden;
  if (!matters(path)) return;
  count();
  files_.gone.insert(path);
}

void LayerFilesMaker::add_folder(const std::string& path) {
  files_.files.erase(path);
  files_.gone_alone.insert(path);
}

std::string* LayerFilesMaker::add_file(const std::string& path, const layer_tar::TarEntry& entry) {
  files_.gone.insert(path);
  forget_below(files_.files, path);
  if (!is_wanted(path)) return nullptr;
  FoundFile& file = files_.files[path];
  file = {};
  if (entry.kind == EntryKind::hard_link) {
    const auto parts = layer_tar::clean_path(entry.link);
    const auto to = files_.files.find(layer_tar::join_path(parts, parts.size()));
    if (to != files_.files.end() && &to->second != &file) {
      file = to->second;
    } else {
      file.problem = "is a hard link to another file";
    }
    return nullptr;
  }
  file.problem = problem_of(entry);
  if (!file.problem.empty()) return nullptr;
  if (entry.size > kMaxFile) {
    file.problem =
        fmt::format("has {} bytes, and at most {} are taken of one file", entry.size, kMaxFile);
  } else if (files_.files.size() > kMaxFiles || bytes_ + entry.size > kMaxBytes) {
    file.problem = fmt::format("is one too many: at most {} files with {} bytes in all are taken",
                               kMaxFiles, kMaxBytes);
  }
  if (!file.problem.empty()) return nullptr;
  bytes_ += entry.size;
  return &file.bytes;
}

}  // namespace sealos::custom_resources
