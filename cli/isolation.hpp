// --isolate: which plugins run in processes of their own.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/host/plugin_loader.hpp"
#include "core/reference/location.hpp"

namespace sealos::cli {

void add_isolate_flag(CLI::App& command, std::vector<std::string>& names);

/// Before anything is loaded. Throws SEALOS_INVALID for a name that no plugin has.
void isolate_plugins(PluginLoader& loader, const std::vector<std::string>& names);

/// Lets the plugin of a place have the descriptor that the place names: `standard`, 0 or 1, for
/// "-", and others for /dev/fd/N.
void lend_descriptors(PluginLoader& loader, const Location& place, int standard);

}  // namespace sealos::cli
