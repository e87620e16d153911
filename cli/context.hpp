// What every command has: the plugins, the log, the way to end early.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "core/host/plugin_loader.hpp"
#include "core/host/services.hpp"

namespace sealos::cli {

/// Lives for the whole of a command.
struct Context {
  /// verbosity: 0 shows warnings, 1 adds -v's, 2 adds protocol detail.
  explicit Context(int verbosity);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  Hooks hooks;
  CancelToken cancel;
  Services services;  ///< for the starts of plugins
  PluginCatalog catalog;
  PluginLoader loader;
};

/// "sealos: <message>" on stderr, one line.
void show_error(const std::string& message);

}  // namespace sealos::cli
