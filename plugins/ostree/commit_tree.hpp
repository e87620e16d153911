// The files of a commit, looked up by name without unpacking them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repository.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos::ostree {

/// One tree, from its root folder on. Links and ".." never lead out of it. Not for concurrent use:
/// it remembers the folders on the way to the last name.
class CommitTree {
 public:
  /// root: the checksum of the root folder's content.
  CommitTree(std::shared_ptr<const Repository> repository, std::string root);

  /// The checksum of a file or link; nullopt: nothing has that name, or a folder has it. Where the
  /// name as it is leads nowhere, links on the way to it are followed.
  std::optional<std::string> find(std::string_view path);
  /// The content of a regular file. Throws SEALOS_CORRUPT where there is none of that name and
  /// size. `size` -1: any.
  std::unique_ptr<Stream> open(const std::string& path, std::int64_t size);

 private:
  struct Folder {
    std::string name;
    Variant files, folders;
  };

  Folder load(std::string name, const std::string& checksum) const;
  /// Makes `way_` the way to a folder. False: there is no such folder.
  bool go_to(const std::vector<std::string>& parts, size_t count);
  std::optional<std::string> find_plain(const std::vector<std::string>& parts);
  std::optional<std::string> find_through_links(std::vector<std::string> parts);

  std::shared_ptr<const Repository> repository_;
  std::vector<Folder> way_;  // the root first
};

/// The content of a regular file's object; offers a descriptor where the repository keeps plain
/// files. Throws SEALOS_CORRUPT for what is no regular file of that size; -1: any.
std::unique_ptr<Stream> object_stream(const Repository& repository, const std::string& checksum,
                                      const std::string& name, std::int64_t size);

}  // namespace sealos::ostree
