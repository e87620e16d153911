// Uploads that are not finished, so that the next run can go on with them.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/host.hpp"
#include "support/file/file.hpp"

namespace sealos::docker {

/// Remembers, for one destination, at which address the upload of which blob is open. One file in
/// the user's cache folder, $XDG_CACHE_HOME/sealos/uploads or ~/.cache/sealos/uploads, replaced as
/// a whole at each change; it is the owner's alone, since an address may hold a secret. While
/// another process has the same destination, or the file cannot be written, all is kept in memory
/// only. Safe for concurrent use.
class Journal {
 public:
  /// destination: "host/repository:tag". in_file: false to use memory only.
  Journal(sdk::Host host, const std::string& destination, bool in_file);
  ~Journal();

  std::optional<std::string> find(const Digest& digest) const;
  void note(const Digest& digest, const std::string& address);
  void forget(const Digest& digest);
  /// The copy is complete: nothing needs to be remembered.
  void clear();

 private:
  struct Entry {
    std::string address;
    std::int64_t time = 0;  ///< seconds since 1970
  };

  void open_file(const std::string& destination);
  void read_file();
  void write_file();

  const sdk::Host host_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::string destination_, name_;
  Fd folder_, lock_;
};

}  // namespace sealos::docker
