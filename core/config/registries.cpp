#include "core/config/registries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config/credentials.hpp"
#include "core/config/short_names.hpp"

namespace sealos::config {
namespace {

/// --registries-conf, and the variables for it: the second one is what old buildahs know.
std::string named_file(const Registries::Options& options, const Environment& env) {
  if (options.file) return *options.file;
  const std::string named = env.variable("CONTAINERS_REGISTRIES_CONF");
  return named.empty() ? env.variable("REGISTRIES_CONFIG_PATH") : named;
}

/// The name with what its prefix matched replaced by the location.
DockerName rewrite(const DockerName& name, const std::string& prefix, const std::string& location) {
  if (location.empty()) return name;
  const std::string text = name.str();
  try {
    return DockerName::parse(location + text.substr(match_prefix(text, prefix)));
  } catch (Error& e) {
    throw e.add_context(
        fmt::format("rewriting {} from prefix {} to location {}", text, prefix, location));
  }
}

}  // namespace

Registries Registries::load(const Options& options, const Environment& env) {
  Registries out;
  const std::string named = named_file(options, env);
  const std::string user = env.home + "/.config/containers/registries.conf";
  std::string path = named;
  std::optional<std::string> text = named.empty() ? read_file_if_there(user) : std::nullopt;
  const bool users_own = text.has_value();
  if (users_own) path = user;
  if (path.empty()) path = env.system_path("/etc/containers/registries.conf");
  if (!users_own) text = read_file_if_there(path);
  if (!text && !named.empty())
    throw Error(Status::not_found,
                fmt::format("registries.conf file {} does not exist", printable(named)));
  if (text) out.merge(RegistriesFile::parse(path, *text, false), path);

  std::vector<std::string> folders{env.home + "/.config/containers/registries.conf.d"};
  if (!users_own)
    folders.insert(folders.begin(), env.system_path("/etc/containers/registries.conf.d"));
  if (options.drop_ins) folders = {*options.drop_ins};
  for (const std::string& folder : folders) {
    for (const std::string& name : files_in(folder, ".conf")) {
      const std::string file = folder + "/" + name;
      if (const auto drop_in = read_file_if_there(file))
        out.merge(RegistriesFile::parse(file, *drop_in, true), file);
    }
  }
  if (out.credential_helpers_.empty()) out.credential_helpers_ = {kAuthFileHelper};
  out.learned_ = load_learned_aliases(env);
  return out;
}

void Registries::merge(RegistriesFile&& update, const std::string& path) {
  if (search_file_.empty()) search_file_ = path;
  for (Registry& registry : update.registries) {
    const auto at = std::lower_bound(
        registries_.begin(), registries_.end(), registry.prefix,
        [](const Registry& known, const std::string& prefix) { return known.prefix < prefix; });
    if (at != registries_.end() && at->prefix == registry.prefix) {
      *at = std::move(registry);
    } else {
      registries_.insert(at, std::move(registry));
    }
  }
  if (update.search) {
    search_ = std::move(*update.search);
    search_file_ = path;
  }
  if (update.credential_helpers) credential_helpers_ = std::move(*update.credential_helpers);
  if (update.short_name_mode) mode_ = *update.short_name_mode;
  for (auto& [name, value] : update.aliases) aliases_[name] = std::move(value);
}

const Registry* Registries::find(const DockerName& name) const {
  const std::string text = name.str();
  const Registry* best = nullptr;
  size_t longest = 0;
  for (const Registry& registry : registries_) {
    const size_t length = match_prefix(text, registry.prefix);
    if (length <= longest) continue;
    longest = length;
    best = &registry;
  }
  return best;
}

void Registries::refuse_blocked(const Registry& registry) const {
  throw Error(Status::denied, fmt::format("registry {} is blocked in {}",
                                          printable(registry.prefix), printable(registry.file)));
}

std::vector<PullEndpoint> Registries::resolve_pull(const DockerName& name) const {
  const Registry* registry = find(name);
  if (registry == nullptr) return {{name, false, false}};
  if (registry->blocked) refuse_blocked(*registry);
  std::vector<PullEndpoint> out;
  for (const Mirror& mirror : registry->mirrors) {
    const bool digest_only =
        registry->mirror_by_digest_only || mirror.use == MirrorUse::digest_only;
    if (digest_only && !name.digest) continue;
    if (mirror.use == MirrorUse::tag_only && name.digest) continue;
    PullEndpoint endpoint{rewrite(name, registry->prefix, mirror.location), mirror.insecure, true};
    const Registry* physical = find(endpoint.name);
    if (physical == nullptr || !physical->blocked) out.push_back(std::move(endpoint));
  }
  PullEndpoint primary{rewrite(name, registry->prefix, registry->location), registry->insecure,
                       false};
  const Registry* physical = find(primary.name);
  const bool blocked = physical != nullptr && physical->blocked;
  if (blocked && out.empty()) refuse_blocked(*physical);
  if (!blocked) out.push_back(std::move(primary));
  return out;
}

bool Registries::check_push(const DockerName& name) const {
  const Registry* registry = find(name);
  if (registry == nullptr) return false;
  if (registry->blocked) refuse_blocked(*registry);
  return registry->insecure;
}

}  // namespace sealos::config
