// A plugin that runs in a process of its own, and looks like any other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sealos/abi.h"

namespace sealos {

/// What a plugin's library says and can, where the library itself is opened in a child process.
/// What goes wrong there, a crash too, is an error of the call that was made. Safe for concurrent
/// use.
class IsolatedPlugin {
 public:
  struct Settings {
    std::string name;     ///< for messages
    std::string library;  ///< absolute path
    std::string program;  ///< that opens it
    /// Descriptors of this process that the child has too, under the same numbers: 0 and 1 where it
    /// reads stdin or writes stdout. Otherwise it has none but stderr.
    std::vector<int> descriptors;
  };

  /// Starts the process and opens the library in it. Throws where either fails.
  explicit IsolatedPlugin(Settings settings);
  IsolatedPlugin(const IsolatedPlugin&) = delete;
  IsolatedPlugin& operator=(const IsolatedPlugin&) = delete;
  /// Ends the process; one that does not end is killed after a second. Everything that was
  /// opened has been released.
  ~IsolatedPlugin();

  /// As the library has it, checked no further, but for `start`, which is NULL, since that function
  /// is not told whose it is. Lives as long as this object.
  const sealos_plugin& c() const;
  /// The library's start.
  sealos_status start(const sealos_host& host, sealos_error* error);

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sealos
