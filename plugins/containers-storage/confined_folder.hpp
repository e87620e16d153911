// A folder that no name leads out of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/file/file.hpp"

namespace sealos::containers_storage {

/// Resolves names inside a folder as if it were "/": absolute links and ".." stay within, whatever
/// the folder holds. Not for concurrent use.
class ConfinedFolder {
 public:
  /// Borrows the descriptor.
  explicit ConfinedFolder(int root) : root_(root) {}

  /// The folder with this path, for use in *at calls, or nullopt where something on the way is
  /// missing. Throws SEALOS_CORRUPT where something on the way is no folder.
  std::optional<Fd> find(const std::string& path) const;
  /// As find, but makes what is missing, root's and with mode 0755, and adds it to `made`. The
  /// descriptor stays the object's, until the next call.
  int make(const std::vector<std::string>& parts, size_t count, std::vector<std::string>& made);
  /// To be called when something that is no new entry changes: a folder or link was removed. What
  /// make returned last stays open until its next call.
  void forget() { last_is_known_ = false; }

 private:
  int root_;
  Fd last_;
  std::string last_path_;
  bool last_is_known_ = false;
};

}  // namespace sealos::containers_storage
