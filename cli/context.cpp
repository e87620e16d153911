#include "cli/context.hpp"

#include <cstdlib>

#include "sealos/sdk/error.hpp"

namespace sealos::cli {
namespace {

Hooks make_hooks(int verbosity) {
  Hooks hooks;
  hooks.log = [verbosity](int level, const std::string& text) {
    if (level < SEALOS_LOG_WARNING - verbosity) return;
    const char* label = level >= SEALOS_LOG_ERROR     ? "error: "
                        : level >= SEALOS_LOG_WARNING ? "warning: "
                                                      : "";
    const std::string line = std::string("sealos: ") + label + text + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
  };
  if (const char* folder = std::getenv("TMPDIR"); folder != nullptr && *folder != 0) {
    hooks.temp_dir = folder;
  }
  return hooks;
}

}  // namespace

Context::Context(int verbosity)
    : hooks(make_hooks(verbosity)),
      services(hooks, cancel, {}),
      catalog(PluginCatalog::scan(PluginCatalog::standard_folders())),
      loader(catalog, services) {}

void show_error(const std::string& message) {
  const std::string line = "sealos: " + printable(message, 4000) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace sealos::cli
