// Files that come into being whole, and what a policy calls a path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/file/file.hpp"

namespace sealos {

/// A file that has no name until keep() gives it one; where the file system cannot do that, one
/// with a temporary name. Mode 0644. What was not kept leaves nothing behind.
class StagedFile {
 public:
  /// The descriptor `folder` has to stay open as long as this.
  explicit StagedFile(int folder);
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();

  int fd() const { return file_.get(); }
  /// Gives it the name folder/name, in place of a file that has it; once. Does not flush.
  void keep(int folder, const std::string& name);

 private:
  bool link_as(int folder, const std::string& name) const;

  int folder_;
  Fd file_;
  std::string temporary_;  // "": it has none
};

/// The folders around an absolute path, from the nearest on, without "/".
std::vector<std::string> enclosing_folders(std::string_view path);

/// Throws SEALOS_INVALID unless it is the normal form of an absolute path other than "/".
void check_path_scope(std::string_view scope);

}  // namespace sealos
