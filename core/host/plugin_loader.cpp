#include "core/host/plugin_loader.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "core/host/checked.hpp"
#include "core/install/program_folder.hpp"
#include "sealos/ext/draft/names.h"
#include "sealos/sdk/error.hpp"

namespace sealos {
namespace {

void check_abi(const PluginManifest& plugin) {
  if (plugin.abi != 1) {
    throw Error(Status::unsupported,
                fmt::format("plugin {} is made for ABI {}; this sealos speaks ABI 1", plugin.file,
                            plugin.abi));
  }
}

const sealos_plugin& open_library(const PluginManifest& plugin) {
  note_plugin(plugin.name, plugin.library);
  ::signal(SIGPIPE, SIG_IGN);  // as docs/abi.md promises
  void* library = contained(plugin.name, "its initialisation", [&] {
    return ::dlopen(plugin.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  });
  if (library == nullptr) {
    const char* why = ::dlerror();
    throw Error(Status::internal, fmt::format("plugin {} cannot be loaded: {}", plugin.name,
                                              printable(why == nullptr ? "" : why, 500)));
  }
  note_plugin(plugin.name, plugin.library);
  const void* entry = ::dlsym(library, "sealos_plugin_v1");
  if (entry == nullptr) {
    throw Error(Status::unsupported,
                fmt::format("{} is not a plugin for ABI 1: it has no symbol sealos_plugin_v1",
                            plugin.library));
  }
  return *static_cast<const sealos_plugin*>(entry);
}

void check_plugin(const std::string& plugin, const sealos_plugin& c) {
  check_size(plugin, "sealos_plugin", &c, c.struct_size,
             SEALOS_SIZE_WITH(sealos_plugin, transports));
  check_member(plugin, "sealos_plugin.name", c.name);
  check_member(plugin, "sealos_plugin.transports", c.transports);
}

void check_transport(const std::string& plugin, const sealos_transport* c) {
  check_size(plugin, "sealos_transport", c, c->struct_size,
             SEALOS_SIZE_WITH(sealos_transport, get_extension));
  check_member(plugin, "sealos_transport.name", c->name);
  check_member(plugin, "sealos_transport.parse_reference",
               reinterpret_cast<const void*>(c->parse_reference));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> Transport::options() const {
  std::vector<std::pair<std::string, std::string>> options;
  if (c_->options == nullptr) return options;
  for (const char* const* at = c_->options; at[0] != nullptr && at[1] != nullptr; at += 2) {
    options.emplace_back(at[0], at[1]);
  }
  return options;
}

bool Transport::has_option(std::string_view key) const {
  if (c_->options == nullptr) return false;
  for (const char* const* at = c_->options; at[0] != nullptr && at[1] != nullptr; at += 2) {
    if (key == at[0]) return true;
  }
  return false;
}

const sealos_login* Transport::login() const {
  if (c_->get_extension == nullptr) return nullptr;
  const auto* found = static_cast<const sealos_login*>(contained(
      plugin_->name, "get_extension", [&] { return c_->get_extension(c_, SEALOS_LOGIN); }));
  return found != nullptr && SEALOS_HAS(found, sealos_login, check) ? found : nullptr;
}

void Transport::check_login(const Services& services, const std::string& scope) const {
  const sealos_login* known = login();
  if (known == nullptr)
    throw Error(Status::unsupported, "transport " + name() + " cannot check logins");
  checked(plugin_->name, "check of a login",
          [&](sealos_error* error) { return known->check(services.c(), scope.c_str(), error); });
}

std::vector<std::string> Transport::list_names(const Services& services) const {
  std::vector<std::string> names;
  if (c_->get_extension == nullptr) return names;
  const auto* known = static_cast<const sealos_names*>(contained(
      plugin_->name, "get_extension", [&] { return c_->get_extension(c_, SEALOS_NAMES); }));
  if (known == nullptr || !SEALOS_HAS(known, sealos_names, list)) return names;
  const sealos_emit add = [](void* to, const sealos_item* item) {
    return sdk::guard(nullptr, [&] {
      static_cast<std::vector<std::string>*>(to)->push_back(sdk::text_or_empty(item->label));
    });
  };
  checked(plugin_->name, "list of names",
          [&](sealos_error* error) { return known->list(services.c(), add, &names, error); });
  return names;
}

void Transport::check_policy_scope(const std::string& scope) const {
  if (c_->check_policy_scope == nullptr) return;
  checked(plugin_->name, "check_policy_scope",
          [&](sealos_error* error) { return c_->check_policy_scope(c_, scope.c_str(), error); });
}

Reference Transport::parse_reference(const Services& services, const std::string& details) const {
  sealos_reference* out = nullptr;
  const std::string& plugin = plugin_->name;
  try {
    checked(plugin, "parse_reference", [&](sealos_error* error) {
      return c_->parse_reference(c_, services.c(), details.c_str(), &out, error);
    });
  } catch (Error& e) {
    if (!e.message().starts_with(name() + ":")) e.add_context(name() + ":" + printable(details));
    throw;
  }
  return Reference(out, name(), plugin);
}

void PluginLoader::isolate(const std::string& name) {
  bool found = false;
  for (const PluginManifest& plugin : catalog_.plugins()) {
    const auto& transports = plugin.transports;
    if (name != "all" && name != plugin.name &&
        std::find(transports.begin(), transports.end(), name) == transports.end())
      continue;
    isolated_.insert(plugin.library);
    found = true;
  }
  if (!found)
    throw Error(Status::invalid,
                fmt::format("there is no plugin or transport \"{}\" to isolate", printable(name)));
}

void PluginLoader::lend_descriptor(std::string_view transport, int fd) {
  if (const PluginManifest* plugin = catalog_.find(transport); plugin != nullptr)
    descriptors_[plugin->library].push_back(fd);
}

const sealos_plugin& PluginLoader::open_isolated(const PluginManifest& plugin) {
  auto process = std::make_unique<IsolatedPlugin>(IsolatedPlugin::Settings{
      plugin.name, plugin.library, engine_part("plugin-process"), descriptors_[plugin.library]});
  const sealos_plugin& c = process->c();
  processes_[plugin.library] = std::move(process);
  return c;
}

const LoadedPlugin& PluginLoader::load(const PluginManifest& plugin) {
  const std::lock_guard lock(mutex_);
  if (const auto at = loaded_.find(plugin.library); at != loaded_.end()) return at->second;
  check_abi(plugin);
  const bool isolated = isolated_.contains(plugin.library);
  const sealos_plugin& c = isolated ? open_isolated(plugin) : open_library(plugin);
  check_plugin(plugin.name, c);
  LoadedPlugin loaded;
  loaded.version = c.version == nullptr ? "" : printable(c.version);
  loaded.abi_minor = c.abi_minor;
  for (const sealos_transport* const* at = c.transports; *at != nullptr; ++at) {
    check_transport(plugin.name, *at);
    loaded.transports.emplace_back(*at, &plugin);
  }
  if (isolated || c.start != nullptr) {
    try {
      checked(plugin.name, "start", [&](sealos_error* error) {
        return isolated ? processes_.at(plugin.library)->start(*services_.c(), error)
                        : c.start(services_.c(), error);
      });
    } catch (Error& e) {
      throw e.add_context("starting plugin " + plugin.library);
    }
  }
  return loaded_.emplace(plugin.library, std::move(loaded)).first->second;
}

Transport PluginLoader::transport(std::string_view name) {
  const PluginManifest* plugin = catalog_.find(name);
  if (plugin == nullptr) catalog_.throw_missing(name);
  for (const Transport& transport : load(*plugin).transports) {
    if (transport.name() == name) return transport;
  }
  throw broken_contract(
      plugin->name,
      fmt::format("does not have the transport \"{}\" that {} promises", name, plugin->file));
}

}  // namespace sealos
