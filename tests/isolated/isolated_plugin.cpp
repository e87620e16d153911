// A plugin that is another one, $SEALOS_ISOLATED_LIBRARY, in a process of its own: so that whatever
// tries plugins, sealos-conformance for one, tries them through the process. Not installed.
#include <cstdlib>
#include <string>

#include "core/isolation/isolated_plugin.hpp"

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

sealos::IsolatedPlugin& plugin() {
  static sealos::IsolatedPlugin plugin(
      {"isolated", variable("SEALOS_ISOLATED_LIBRARY"), variable("SEALOS_ISOLATED_PROGRAM"), {}});
  return plugin;
}

sealos_plugin describe() {
  sealos_plugin c = plugin().c();
  c.start = [](const sealos_host* host, sealos_error* error) {
    return plugin().start(*host, error);
  };
  return c;
}

}  // namespace

// Not constant, and no data: what it says is known when the process runs.
extern "C" SEALOS_EXPORT const sealos_plugin sealos_plugin_v1 = describe();
