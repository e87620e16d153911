#include "support/layer_tar/tar_path.hpp"

#include <algorithm>
#include <functional>

namespace sealos::layer_tar {

std::vector<std::string> clean_path(std::string_view name) {
  std::vector<std::string> parts;
  while (!name.empty()) {
    const size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(std::min(slash + 1, name.size()));
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.emplace_back(part);
    }
  }
  return parts;
}

std::string join_path(const std::vector<std::string>& parts, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += (i == 0 ? "" : "/") + parts[i];
  return out;
}

std::uint64_t hash_of_name(std::string_view name) {
  const std::vector<std::string> parts = clean_path(name);
  return std::hash<std::string>{}(join_path(parts, parts.size()));
}

bool belongs_to_aufs(const std::vector<std::string>& parts) {
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part.starts_with(".wh..wh.") && part != kOpaque;
  });
}

}  // namespace sealos::layer_tar
