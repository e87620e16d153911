#include "core/config/short_names.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/config/registries.hpp"
#include "support/file/file.hpp"

namespace sealos::config {
namespace {

/// What a short name would be on this machine; without "localhost/" that is the key of an alias.
DockerName parse_short(std::string_view text) {
  return DockerName::parse("localhost/" + std::string(text));
}

DockerName complete(DockerName name) {
  if (name.tag.empty() && !name.digest) name.tag = "latest";
  return name;
}

/// As podman locks it: a lock on the whole of a file beside it, shared with its processes.
Fd lock_beside(const std::string& path) {
  Fd file = open_at(AT_FDCWD, path + ".lock", O_RDWR | O_CREAT, 0644);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  while (::fcntl(file.get(), F_OFD_SETLKW, &lock) != 0) {
    if (errno != EINTR) throw errno_error(errno, "locking " + path);
  }
  return file;
}

}  // namespace

std::string learned_aliases_path(const Environment& env) {
  const std::string folder = env.user == 0 ? env.system_path("/var/cache") : env.cache_home();
  return folder + "/containers/short-name-aliases.conf";
}

std::map<std::string, std::string, std::less<>> load_learned_aliases(const Environment& env) {
  const std::string path = learned_aliases_path(env);
  const auto text = read_file_if_there(path);
  if (!text) return {};
  return parse_aliases_file(path, *text);
}

/// The alias of a short name, with the name's tag and digest.
std::optional<DockerName> Registries::alias_for(const DockerName& with_localhost) const {
  for (const auto* known : {&learned_, &aliases_}) {
    const auto at = known->find(with_localhost.path);
    if (at == known->end()) continue;
    if (at->second.empty()) return std::nullopt;
    DockerName out = DockerName::parse(at->second);
    out.tag = with_localhost.tag;
    out.digest = with_localhost.digest;
    return out;
  }
  return std::nullopt;
}

ShortNameCandidates Registries::resolve_short_name(std::string_view text, bool terminal) const {
  ShortNameCandidates out;
  if (!is_short_name(text)) {
    out.names.push_back(complete(DockerName::parse(text)));
    return out;
  }
  const DockerName name = parse_short(text);
  if (const auto alias = alias_for(name)) {
    out.names.push_back(complete(*alias));
    return out;
  }
  if (search_.empty())
    throw Error(
        Status::not_found,
        fmt::format("short name \"{}\" is no alias, and no unqualified-search-registries "
                    "are defined{}",
                    printable(text), search_file_.empty() ? "" : " in " + printable(search_file_)));
  for (const std::string& host : search_)
    out.names.push_back(complete(DockerName::parse(host + "/" + std::string(text))));
  if (out.names.size() == 1 || mode_ == ShortNameMode::disabled) return out;
  out.ask = terminal;
  if (!terminal && mode_ == ShortNameMode::enforcing)
    throw Error(
        Status::not_found,
        fmt::format("short name \"{}\" may mean {} registries, short-name-mode is enforcing, "
                    "and there is no terminal to ask which",
                    printable(text), out.names.size()));
  return out;
}

std::vector<DockerName> Registries::local_candidates(std::string_view text) const {
  if (!is_short_name(text)) return {complete(DockerName::parse(text))};
  const DockerName name = parse_short(text);
  std::vector<DockerName> out;
  if (const auto alias = alias_for(name)) out.push_back(complete(*alias));
  out.push_back(complete(name));
  for (const std::string& host : search_)
    out.push_back(complete(DockerName::parse(host + "/" + std::string(text))));
  // Images that were made by docker's name for them are found without any configuration.
  const DockerName hub = complete(DockerName::parse(text));
  if (std::find(out.begin(), out.end(), hub) == out.end()) out.push_back(hub);
  return out;
}

void Registries::remember_alias(std::string_view text, const DockerName& chosen,
                                const Environment& env) {
  const std::filesystem::path path = learned_aliases_path(env);
  std::filesystem::create_directories(path.parent_path());
  const Fd lock = lock_beside(path);
  auto aliases = load_learned_aliases(env);
  aliases[parse_short(text).path] = chosen.repository();
  // Names of images have no character that TOML would want escaped.
  std::string out = "[aliases]\n";
  for (const auto& [name, value] : aliases) out += fmt::format("  \"{}\" = \"{}\"\n", name, value);
  const Fd folder = open_at(AT_FDCWD, path.parent_path(), O_RDONLY | O_DIRECTORY);
  replace_file(folder.get(), path.filename(), out, 0644);
}

}  // namespace sealos::config
