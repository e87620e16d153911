// Opens plugins when their transports are named, and never before.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/host/plugin_catalog.hpp"
#include "core/host/reference.hpp"
#include "core/host/services.hpp"
#include "core/isolation/isolated_plugin.hpp"
#include "sealos/abi.h"
#include "sealos/ext/login.h"

namespace sealos {

/// A transport of a plugin that is loaded. A small value; valid as long as the loader.
class Transport {
 public:
  Transport(const sealos_transport* c, const PluginManifest* plugin) : c_(c), plugin_(plugin) {}

  std::string name() const { return c_->name; }
  /// SEALOS_CAN_READ, ...
  std::uint32_t capabilities() const { return c_->flags; }
  /// The options it asks for: key and meaning.
  std::vector<std::pair<std::string, std::string>> options() const;
  bool has_option(std::string_view key) const;
  const PluginManifest& plugin() const { return *plugin_; }

  /// Whether check_login is there.
  bool checks_logins() const { return login() != nullptr; }
  /// Asks the server of `scope`, "host[:port][/path]", whether it takes the credentials that
  /// services have for it. Throws SEALOS_UNAUTHENTICATED where it does not.
  void check_login(const Services& services, const std::string& scope) const;

  /// The names of the images that it has on this machine; none where it cannot tell.
  std::vector<std::string> list_names(const Services& services) const;
  /// Throws SEALOS_INVALID for a scope of policy.json that makes no sense to the transport.
  void check_policy_scope(const std::string& scope) const;

  Reference parse_reference(const Services& services, const std::string& details) const;

 private:
  const sealos_login* login() const;

  const sealos_transport* c_;
  const PluginManifest* plugin_;
};

/// What a loaded library says of itself.
struct LoadedPlugin {
  std::string version;
  std::uint32_t abi_minor = 0;
  std::vector<Transport> transports;
};

/// Loads by absolute path, with RTLD_NOW and RTLD_LOCAL, each library once, and never unloads.
/// Safe for concurrent use. The catalog must outlive it; `services` is handed to each plugin's
/// start and must live until the process ends. What was made of isolated plugins must be gone
/// before it.
class PluginLoader {
 public:
  PluginLoader(const PluginCatalog& catalog, const Services& services)
      : catalog_(catalog), services_(services) {}

  /// From now on the plugin with that name, or with a transport of that name, is loaded in a
  /// process of its own; "all": every one. Throws SEALOS_INVALID where there is none. Before the
  /// first load.
  void isolate(const std::string& name);
  /// The plugin of that transport, if it is isolated, has this descriptor of our process.
  void lend_descriptor(std::string_view transport, int fd);

  /// Throws SEALOS_UNSUPPORTED where no plugin has the transport, and SEALOS_INTERNAL, naming the
  /// file, where a plugin cannot be loaded.
  Transport transport(std::string_view name);
  const LoadedPlugin& load(const PluginManifest& plugin);
  const PluginCatalog& catalog() const { return catalog_; }

 private:
  const sealos_plugin& open_isolated(const PluginManifest& plugin);

  const PluginCatalog& catalog_;
  const Services& services_;
  std::set<std::string> isolated_;  // by path of the library, as all below
  std::map<std::string, std::vector<int>> descriptors_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<IsolatedPlugin>> processes_;
  std::map<std::string, LoadedPlugin> loaded_;
};

}  // namespace sealos
