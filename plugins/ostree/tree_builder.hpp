// The folders of a layer, while its tar goes by.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "object_writer.hpp"

namespace sealos::ostree {

/// Names lead to checksums of objects that are in the repository already. Not for concurrent use;
/// memory is about a hundred bytes and its name for each file.
class TreeBuilder {
 public:
  TreeBuilder();
  ~TreeBuilder();

  /// Why nothing can be put at this place: something on the way is no folder, or a file has the
  /// name of a folder; "": it can.
  std::string obstacle(const std::vector<std::string>& parts, bool folder) const;
  /// Missing folders on the way are made. Call them where there is no obstacle.
  void put_file(const std::vector<std::string>& parts, std::string checksum);
  void put_folder(const std::vector<std::string>& parts, std::string metadata);
  /// The file or link at this place.
  std::optional<std::string> file(const std::vector<std::string>& parts) const;

  /// Writes all folders, those that were never put with the metadata `usual`. Returns content and
  /// metadata of the root.
  std::pair<std::string, std::string> write(const ObjectWriter& writer,
                                            const std::string& usual) const;

 private:
  struct Folder;
  static std::pair<std::string, std::string> write(const Folder& folder, const ObjectWriter& writer,
                                                   const std::string& usual);
  Folder& make(const std::vector<std::string>& parts, size_t count);

  std::unique_ptr<Folder> root_;
};

}  // namespace sealos::ostree
