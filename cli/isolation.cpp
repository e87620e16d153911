#include "cli/isolation.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace sealos::cli {
namespace {

std::optional<int> descriptor_of(std::string_view details, int standard) {
  if (details == "-" || details.starts_with("-:")) return standard;
  if (details.starts_with("/dev/stdin")) return 0;
  if (details.starts_with("/dev/stdout")) return 1;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    int fd = -1;
    if (!details.starts_with(folder)) continue;
    details.remove_prefix(folder.size());
    const auto [end, error] = std::from_chars(details.begin(), details.end(), fd);
    if (error == std::errc() && fd >= 0) return fd;
  }
  return std::nullopt;
}

}  // namespace

void add_isolate_flag(CLI::App& command, std::vector<std::string>& names) {
  command
      .add_option("--isolate", names,
                  "Run the plugin with this transport in a process of its own; may be repeated; "
                  "all: each one")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

void isolate_plugins(PluginLoader& loader, const std::vector<std::string>& names) {
  for (const std::string& name : names) loader.isolate(name);
}

void lend_descriptors(PluginLoader& loader, const Location& place, int standard) {
  if (const auto fd = descriptor_of(place.details, standard))
    loader.lend_descriptor(place.transport, *fd);
}

}  // namespace sealos::cli
