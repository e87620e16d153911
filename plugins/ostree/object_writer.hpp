// Objects of a repository: files, links, folders and commits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "repository.hpp"

namespace sealos::ostree {

struct Attributes {
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t mode = 0;  ///< permission bits, with set-id and sticky
  std::vector<std::pair<std::string, std::string>> xattrs;
};

/// Stores the next bytes and returns how many; 0 at the end. May throw.
using Pull = std::function<size_t(std::span<std::byte>)>;

/// What is in a folder, sorted by the bytes of names: checksums of files; of folders, those of
/// their content and metadata.
struct FolderEntries {
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<std::pair<std::string, std::pair<std::string, std::string>>> folders;
};

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Writes within the transaction of a repository, and only there. What the mode of the repository
/// or the rights of this process cannot hold of attributes is left out, as README.md says.
/// Thread-safe. Each returns the checksum of what it wrote.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::shared_ptr<const Repository> repository);

  /// A regular file of exactly `size` bytes. Throws what pull throws, and SEALOS_CORRUPT where it
  /// gives another number of bytes.
  std::string file(const Attributes& attributes, std::int64_t size, const Pull& pull) const;
  std::string file(const Attributes& attributes, std::string_view content) const;
  std::string symlink(const Attributes& attributes, const std::string& target) const;
  /// Owner, mode and extended attributes of a folder.
  std::string folder_metadata(const Attributes& attributes) const;
  std::string folder(const FolderEntries& entries) const;
  /// A commit without a parent, of now. root: content and metadata of its root folder.
  std::string commit(const Metadata& metadata,
                     const std::pair<std::string, std::string>& root) const;

  const Repository& repository() const { return *repository_; }

 private:
  std::string write(OstreeObjectType type, GVariant* object) const;
  Attributes as_kept(Attributes attributes, std::uint32_t type) const;

  std::shared_ptr<const Repository> repository_;
  bool root_;
};

}  // namespace sealos::ostree
