// What configuration is read from: variables, the user, the file system, as one value.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/abi.h"

namespace sealos::config {

/// Everything outside of the program that configuration depends on. A test makes its own, so that
/// it never sees the home folder of whoever runs it. Not changed once it is handed out; safe to
/// read from any thread.
struct Environment {
  std::map<std::string, std::string, std::less<>> variables;
  unsigned user = 0;  ///< the real user ID
  std::string home;
  std::string root;  ///< stands before /etc, /run, /usr and /var; "" but in tests
  std::function<void(int level, const std::string& text)> log;  ///< SEALOS_LOG_...; may be empty

  static Environment of_process();

  /// "" where it is not set: like the peers, a variable that is set but empty counts as not set.
  std::string variable(std::string_view name) const;
  std::string system_path(std::string_view path) const { return root + std::string(path); }
  /// $XDG_CONFIG_HOME or ~/.config, and what stands in the same way for data and caches.
  std::string config_home() const;
  std::string data_home() const;
  std::string cache_home() const;

  void debug(const std::string& text) const;
  void warn(const std::string& text) const;
};

/// The text of a file; nullopt where there is none. Throws where it cannot be read, is no regular
/// file, or has more than 4 MiB; /dev/null is an empty one.
std::optional<std::string> read_file_if_there(const std::string& path);

/// The names, not the paths, of the files in a folder that end in `suffix`, sorted; none where
/// there is no folder.
std::vector<std::string> files_in(const std::string& folder, std::string_view suffix);

bool folder_exists(const std::string& path);
/// Something like a pipe, from which a text can be read only once.
bool is_pipe(const std::string& path);

}  // namespace sealos::config
