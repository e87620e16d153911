#include "core/config/registries_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "sealos/sdk/error.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::config {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(Status::invalid, why); }

[[noreturn]] void wrong_type(std::string_view key, const toml::node& node, const char* wanted) {
  refuse(fmt::format("line {}: \"{}\" is not {}", node.source().begin.line, key, wanted));
}

/// nullptr where the key is missing.
template <typename T>
const toml::value<T>* value_at(const toml::table& table, std::string_view key, const char* wanted) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return nullptr;
  if (const toml::value<T>* value = node->as<T>()) return value;
  wrong_type(key, *node, wanted);
}

std::string text_at(const toml::table& table, std::string_view key) {
  const auto* value = value_at<std::string>(table, key, "a string");
  return value == nullptr ? std::string() : value->get();
}

bool flag_at(const toml::table& table, std::string_view key) {
  const auto* value = value_at<bool>(table, key, "true or false");
  return value != nullptr && value->get();
}

const toml::table* table_at(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return nullptr;
  if (const toml::table* found = node->as_table()) return found;
  wrong_type(key, *node, "a table");
}

/// The tables of an array of tables; empty where the key is missing.
std::vector<const toml::table*> tables_at(const toml::table& table, std::string_view key) {
  std::vector<const toml::table*> out;
  const toml::node* node = table.get(key);
  if (node == nullptr) return out;
  const toml::array* array = node->as_array();
  if (array == nullptr) wrong_type(key, *node, "an array of tables, [[...]]");
  for (const toml::node& item : *array) {
    if (item.as_table() == nullptr) wrong_type(key, item, "an array of tables, [[...]]");
    out.push_back(item.as_table());
  }
  return out;
}

std::optional<std::vector<std::string>> texts_at(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return std::nullopt;
  const toml::array* array = node->as_array();
  if (array == nullptr) wrong_type(key, *node, "an array of strings");
  std::vector<std::string> out;
  for (const toml::node& item : *array) {
    const toml::value<std::string>* text = item.as_string();
    if (text == nullptr) wrong_type(key, item, "an array of strings");
    out.push_back(text->get());
  }
  return out;
}

std::string checked_location(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  if (text.starts_with("http://") || text.starts_with("https://"))
    refuse(
        fmt::format("location \"{}\" has a URL scheme, which is not supported", printable(text)));
  return text;
}

MirrorUse mirror_use(const std::string& text, const Mirror& mirror) {
  if (text.empty() || text == "all") return MirrorUse::all;
  if (text == "digest-only") return MirrorUse::digest_only;
  if (text == "tag-only") return MirrorUse::tag_only;
  refuse(
      fmt::format("\"pull-from-mirror\" of mirror {} is \"{}\", not all, digest-only or tag-only",
                  printable(mirror.location), printable(text)));
}

Mirror read_mirror(const toml::table& table, const Registry& registry) {
  Mirror mirror;
  mirror.location = checked_location(text_at(table, "location"));
  if (mirror.location.empty())
    refuse(fmt::format("a mirror of {} has no location", printable(registry.prefix)));
  mirror.insecure = flag_at(table, "insecure");
  const std::string use = text_at(table, "pull-from-mirror");
  mirror.use = mirror_use(use, mirror);
  if (registry.mirror_by_digest_only && !use.empty())
    refuse(
        fmt::format("registry {} has \"mirror-by-digest-only\" and its mirror {} has "
                    "\"pull-from-mirror\": only one is allowed",
                    printable(registry.prefix), printable(mirror.location)));
  return mirror;
}

void check_prefix(const Registry& registry) {
  const bool wild = registry.prefix.starts_with("*.");
  if (registry.prefix.empty()) refuse("a [[registry]] has neither prefix nor location");
  if (wild && registry.prefix.find_first_of("/:@*", 2) != std::string::npos)
    refuse(
        fmt::format("prefix \"{}\" is not of the form *.example.com", printable(registry.prefix)));
  if (!wild && registry.location.empty())
    refuse(
        fmt::format("registry {} has no location, which only a prefix like *.example.com may "
                    "leave out",
                    printable(registry.prefix)));
}

Registry read_registry(const toml::table& table, const std::string& path) {
  Registry out;
  out.file = path;
  out.location = checked_location(text_at(table, "location"));
  out.prefix = checked_location(text_at(table, "prefix"));
  if (out.prefix.empty()) out.prefix = out.location;
  check_prefix(out);
  if (table.get("pull-from-mirror") != nullptr)
    refuse(fmt::format("registry {} has \"pull-from-mirror\", which is for mirrors",
                       printable(out.prefix)));
  out.insecure = flag_at(table, "insecure");
  out.blocked = flag_at(table, "blocked");
  out.mirror_by_digest_only = flag_at(table, "mirror-by-digest-only");
  for (const toml::table* mirror : tables_at(table, "mirror"))
    out.mirrors.push_back(read_mirror(*mirror, out));
  return out;
}

/// One location may be meant by several prefixes, but then in the same way. Of one prefix that
/// occurs several times the first counts.
void check_twins(std::vector<Registry>& registries) {
  std::map<std::string, const Registry*> first;
  for (const Registry& registry : registries) {
    const std::string& place = registry.location.empty() ? registry.prefix : registry.location;
    const Registry& other = *first.emplace(place, &registry).first->second;
    for (const auto& [name, same] : {std::pair{"insecure", registry.insecure == other.insecure},
                                     std::pair{"blocked", registry.blocked == other.blocked}}) {
      if (!same)
        refuse(fmt::format("registry {} is defined several times with conflicting \"{}\"",
                           printable(place), name));
    }
  }
  std::set<std::string> known;
  std::erase_if(registries, [&](const Registry& r) { return !known.insert(r.prefix).second; });
}

std::vector<std::string> checked_search(std::vector<std::string> hosts) {
  for (std::string& host : hosts) {
    host = checked_location(std::move(host));
    if (host.empty() || host.find('/') != std::string::npos)
      refuse(fmt::format("\"{}\" in \"unqualified-search-registries\" is not a host",
                         printable(host)));
  }
  return hosts;
}

ShortNameMode read_mode(const std::string& text) {
  if (text == "permissive") return ShortNameMode::permissive;
  if (text == "enforcing") return ShortNameMode::enforcing;
  if (text == "disabled") return ShortNameMode::disabled;
  refuse(fmt::format("\"short-name-mode\" is \"{}\", not enforcing, permissive or disabled",
                     printable(text)));
}

void check_alias(const std::string& name, const std::string& value) {
  try {
    const DockerName parsed = DockerName::parse("localhost/" + name);
    if (!is_short_name(name) || !parsed.tag.empty() || parsed.digest)
      refuse("a name without registry, tag and digest is wanted");
    if (value.empty()) return;
    const DockerName target = DockerName::parse(value);
    if (is_short_name(value) || !target.tag.empty() || target.digest)
      refuse(fmt::format("\"{}\" is not a registry and repository", printable(value)));
  } catch (Error& e) {
    throw e.add_context(fmt::format("alias \"{}\"", printable(name)));
  }
}

std::map<std::string, std::string, std::less<>> read_aliases(const toml::table& top) {
  std::map<std::string, std::string, std::less<>> out;
  const toml::table* aliases = table_at(top, "aliases");
  if (aliases == nullptr) return out;
  for (const auto& [key, node] : *aliases) {
    const toml::value<std::string>* value = node.as_string();
    if (value == nullptr) wrong_type(key.str(), node, "a string");
    check_alias(std::string(key.str()), value->get());
    out.emplace(key.str(), value->get());
  }
  return out;
}

/// Version 1: [registries.search], [registries.insecure] and [registries.block].
void read_version_1(const toml::table& old, const std::string& path, RegistriesFile& out) {
  const auto hosts = [&](const char* section) {
    const toml::table* table = table_at(old, section);
    return table == nullptr ? std::vector<std::string>()
                            : texts_at(*table, "registries").value_or(std::vector<std::string>());
  };
  const auto registry = [&](const std::string& host) -> Registry& {
    const std::string place = checked_location(host);
    const auto at = std::find_if(out.registries.begin(), out.registries.end(),
                                 [&](const Registry& r) { return r.location == place; });
    if (at != out.registries.end()) return *at;
    Registry& made = out.registries.emplace_back();
    made.prefix = made.location = place;
    made.file = path;
    check_prefix(made);
    return made;
  };
  for (const std::string& host : hosts("block")) registry(host).blocked = true;
  for (const std::string& host : hosts("insecure")) registry(host).insecure = true;
  if (auto search = hosts("search"); !search.empty()) out.search = checked_search(search);
}

toml::table parse_toml(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& e) {
    refuse(fmt::format("line {}: {}", e.source().begin.line, printable(e.description())));
  }
}

RegistriesFile read_file(const std::string& path, const toml::table& top, bool drop_in) {
  RegistriesFile out;
  for (const toml::table* registry : tables_at(top, "registry"))
    out.registries.push_back(read_registry(*registry, path));
  out.search = texts_at(top, "unqualified-search-registries");
  if (out.search) out.search = checked_search(std::move(*out.search));
  out.credential_helpers = texts_at(top, "credential-helpers");
  if (const std::string mode = text_at(top, "short-name-mode"); !mode.empty())
    out.short_name_mode = read_mode(mode);
  out.aliases = read_aliases(top);
  if (const toml::table* old = table_at(top, "registries")) {
    if (drop_in) refuse("it is of version 1, which is not allowed in a drop-in file");
    if (!out.registries.empty() || out.search || out.credential_helpers || out.short_name_mode ||
        !out.aliases.empty()) {
      refuse("it mixes version 1, [registries...], with version 2");
    }
    read_version_1(*old, path, out);
  }
  check_twins(out.registries);
  return out;
}

}  // namespace

RegistriesFile RegistriesFile::parse(const std::string& path, std::string_view text, bool drop_in) {
  try {
    return read_file(path, parse_toml(text), drop_in);
  } catch (Error& e) {
    throw e.add_context("reading " + printable(path));
  }
}

std::map<std::string, std::string, std::less<>> parse_aliases_file(const std::string& path,
                                                                   std::string_view text) {
  try {
    return read_aliases(parse_toml(text));
  } catch (Error& e) {
    throw e.add_context("reading " + printable(path));
  }
}

size_t match_prefix(std::string_view name, std::string_view prefix) {
  size_t end = prefix.size();
  if (prefix.starts_with("*.")) {
    const size_t at = name.find(prefix.substr(1));
    if (at == std::string_view::npos || at == 0) return 0;
    if (name.substr(0, at).find('/') != std::string_view::npos) return 0;
    end = at + prefix.size() - 1;
  } else if (!name.starts_with(prefix)) {
    return 0;
  }
  return end == name.size() || name[end] == ':' || name[end] == '/' || name[end] == '@' ? end : 0;
}

bool is_short_name(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view first = text.substr(0, slash);
  return first.find_first_of(".:") == std::string_view::npos && first != "localhost";
}

}  // namespace sealos::config
