// What an image's files say for its custom resource. No I/O.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sealos::custom_resources {

inline constexpr const char* kGroup = "imagehub.sealos.io";
inline constexpr const char* kApiVersion = "imagehub.sealos.io/v1";
inline constexpr const char* kKind = "Image";

/// A file of the image that goes along.
struct NamedFile {
  std::string path, bytes;
};

struct Content {
  /// What the image's own file says; "": nothing.
  std::string type, description, icon, url, docs;
  std::vector<std::string> keywords;
  std::vector<NamedFile> objects;  ///< files with Kubernetes objects, by their paths
  bool own_file = false;           ///< metadata/config.yaml or config.yml is there

  /// Whether the author meant the image to have a custom resource.
  bool meant() const { return own_file || !objects.empty(); }
};

/// files: as visible_files gives them. YAML files without a Kubernetes object are left out. Throws
/// SEALOS_INVALID, with file and line, for what is malformed, and for a second Image object.
Content read_content(const std::map<std::string, std::string>& files);

}  // namespace sealos::custom_resources
