// Which plugins are installed, from their manifest files alone: no library is opened here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealos {

/// What a plugin's manifest file, <name>.json, says.
struct PluginManifest {
  std::string name, version;
  std::string library;   ///< absolute path of the shared object
  std::string file;      ///< absolute path of the manifest
  std::int64_t abi = 0;  ///< the ABI's major version
  std::vector<std::string> transports;
};

/// A manifest that could not be used.
struct BrokenManifest {
  std::string file, why;
};

/// The plugins found in a list of folders; the first to claim a transport has it. Immutable.
class PluginCatalog {
 public:
  /// Folders in order of precedence: SEALOS_PLUGIN_PATH (not for a privileged process), the
  /// administrator's, the installed ones, and the build tree's if the program runs from there.
  static std::vector<std::string> standard_folders();

  /// Reads every *.json of the folders, by name; folders that are not there are passed over.
  static PluginCatalog scan(std::vector<std::string> folders);

  /// The plugin that has the transport; nullptr: none.
  const PluginManifest* find(std::string_view transport) const;
  const std::vector<PluginManifest>& plugins() const { return plugins_; }
  /// Whether an earlier plugin has this plugin's transport.
  bool is_shadowed(const PluginManifest& plugin, std::string_view transport) const {
    return find(transport) != &plugin;
  }
  const std::vector<BrokenManifest>& broken() const { return broken_; }
  const std::vector<std::string>& folders() const { return folders_; }

  /// SEALOS_UNSUPPORTED: names the transport, the folders searched, and the package to install.
  [[noreturn]] void throw_missing(std::string_view transport) const;

 private:
  std::vector<std::string> folders_;
  std::vector<PluginManifest> plugins_;
  std::vector<BrokenManifest> broken_;
};

}  // namespace sealos
