#include "core/host/plugin_catalog.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/install/install_paths.hpp"
#include "core/install/program_folder.hpp"
#include "sealos/sdk/error.hpp"
#include "support/file/file.hpp"
#include "support/json/json.hpp"

namespace sealos {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxManifest = 64 * 1024;

PluginManifest read_manifest(const fs::path& file) {
  const Fd fd = open_at(AT_FDCWD, file.string(), O_RDONLY);
  const Json json = Json::parse(read_all(fd.get(), file.string(), kMaxManifest));
  PluginManifest plugin;
  plugin.file = file.string();
  plugin.name = json.at("name").string("name");
  plugin.version = json.text_at("version");
  plugin.abi = json.at("abi").integer("abi");
  const fs::path library = json.at("library").string("library");
  if (library.empty() || (!library.is_absolute() && library.has_parent_path())) {
    throw Error(Status::invalid, "\"library\" is neither a file name nor an absolute path");
  }
  plugin.library = (file.parent_path() / library).string();
  for (const Json& name : json.at("transports").items("transports")) {
    plugin.transports.push_back(name.string("transports"));
  }
  return plugin;
}

std::vector<fs::path> manifest_files(const std::string& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".json") files.push_back(fs::absolute(at->path()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::string> PluginCatalog::standard_folders() {
  std::vector<std::string> folders;
  const auto add = [&](const fs::path& folder) {
    std::string text = folder.lexically_normal().string();
    if (std::find(folders.begin(), folders.end(), text) == folders.end()) {
      folders.push_back(std::move(text));
    }
  };
  const char* path = ::getauxval(AT_SECURE) != 0 ? nullptr : std::getenv("SEALOS_PLUGIN_PATH");
  if (path != nullptr) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(':'));
      if (!one.empty()) add(fs::absolute(one));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
  }
  add(kAdministratorPluginFolder);
  const fs::path program(program_folder());
  if (program == "/usr/bin") add(kLocalPluginFolder);
  add(program / kPluginFolderFromProgram);
  if (fs::exists(program / "../CMakeCache.txt")) add(program / "../plugins");
  return folders;
}

PluginCatalog PluginCatalog::scan(std::vector<std::string> folders) {
  PluginCatalog catalog;
  catalog.folders_ = std::move(folders);
  for (const std::string& folder : catalog.folders_) {
    for (const fs::path& file : manifest_files(folder)) {
      try {
        catalog.plugins_.push_back(read_manifest(file));
      } catch (const Error& e) {
        catalog.broken_.push_back({file.string(), e.message()});
      }
    }
  }
  return catalog;
}

const PluginManifest* PluginCatalog::find(std::string_view transport) const {
  for (const PluginManifest& plugin : plugins_) {
    const auto& names = plugin.transports;
    if (std::find(names.begin(), names.end(), transport) != names.end()) return &plugin;
  }
  return nullptr;
}

void PluginCatalog::throw_missing(std::string_view transport) const {
  std::string text = fmt::format(
      "no plugin for transport \"{}\" in {}; install package sealos-transport-{}, or name its "
      "folder in SEALOS_PLUGIN_PATH",
      transport, fmt::join(folders_, ", "), transport);
  for (const BrokenManifest& broken : broken_) {
    if (fs::path(broken.file).stem() == fs::path(transport)) {
      text += fmt::format(" ({} cannot be used: {})", broken.file, broken.why);
    }
  }
  throw Error(Status::unsupported, text);
}

}  // namespace sealos
