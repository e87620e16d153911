// What one layer says of the files that a custom resource is made of. No I/O.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "support/layer_tar/tar_entry.hpp"

namespace sealos::custom_resources {

inline constexpr std::string_view kReadme = "README.md";
inline constexpr std::string_view kFolder = "metadata";
inline constexpr std::int64_t kMaxFile = 1 << 20;   ///< bytes of one file
inline constexpr std::int64_t kMaxBytes = 8 << 20;  ///< of all files of one image
inline constexpr size_t kMaxFiles = 256;            ///< of one image
inline constexpr size_t kMaxEntries = 10'000;       ///< of one layer below metadata/

/// README.md, or a YAML file below metadata/.
struct FoundFile {
  std::string bytes;
  std::string problem;  ///< why it cannot be taken, after "it "; "": it can
};

/// Which of the wanted files a layer has, and what it takes away from the layers below.
struct LayerFiles {
  std::map<std::string, FoundFile> files;  ///< by their paths
  std::set<std::string> gone;              ///< below, these paths and all that is in them
  std::set<std::string> gone_alone;        ///< below, these paths where they are no folders
  std::set<std::string> opaque;            ///< below, all that is in these folders; "": the root
  std::string problem;                     ///< why the layer could not be read to its end
};

/// Takes a layer's entries in their order.
class LayerFilesMaker {
 public:
  /// Returns where the entry's content belongs; nullptr: nobody wants it. Valid until the next
  /// call. Throws SEALOS_UNSUPPORTED for a layer that has too much.
  std::string* add(const layer_tar::TarEntry& entry);
  LayerFiles& files() { return files_; }

 private:
  void add_whiteout(const std::string& folder, const std::string& name);
  void add_folder(const std::string& path);
  std::string* add_file(const std::string& path, const layer_tar::TarEntry& entry);
  void count();

  LayerFiles files_;
  size_t entries_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace sealos::custom_resources
