#include "core/config/login.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "core/config/auth_file_edit.hpp"
#include "core/config/credential_helper.hpp"
#include "core/config/secret.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::config {
namespace {

Json entry_of(const sdk::Credentials& login) {
  std::string pair = login.username + ":" + login.password;
  const WipeAtEnd wiped(pair);
  Json entry;
  entry.set("auth", encode_base64(pair));
  if (!login.identity_token.empty()) entry.set("identitytoken", login.identity_token);
  return entry;
}

/// The key itself, and where the scope is a whole host every other spelling of it.
bool key_is_for(const std::string& key, const std::string& scope) {
  if (key == scope) return true;
  const bool whole_host = scope.find('/') == std::string::npos;
  return whole_host && key_means_host(key, scope, AuthFile::Format::current);
}

bool erase_keys(Json& document, const std::string& scope) {
  Json* auths = document.find("auths");
  if (auths == nullptr) return false;
  return std::erase_if(auths->members("auths"), [&](const Json::Member& member) {
           return key_is_for(member.first, scope);
         }) > 0;
}

bool erase_from_helper(const CredentialHelper& helper, const std::string& host) {
  bool removed = false;
  for (const std::string& name : names_of_host(host)) {
    // Some helpers say yes to erasing what they do not have.
    if (helper.get(name)) removed = helper.erase(name) || removed;
  }
  return removed;
}

}  // namespace

Logins::Logins(std::optional<std::string> authfile, std::vector<std::string> helpers,
               Environment env)
    : authfile_(std::move(authfile)), helpers_(std::move(helpers)), env_(std::move(env)) {}

std::string Logins::normal_scope(std::string_view text) {
  std::string_view scope = text;
  bool is_url = false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!scope.starts_with(scheme)) continue;
    scope.remove_prefix(scheme.size());
    is_url = true;
  }
  if (is_url) scope = host_of(scope);
  while (scope.ends_with('/')) scope.remove_suffix(1);
  const auto refuse = [&] {
    throw Error(Status::invalid, fmt::format("\"{}\" is not a registry: host[:port][/path] is "
                                             "wanted, for instance docker.io",
                                             printable(text)));
  };
  if (scope.empty() || scope.find('@') != std::string_view::npos) refuse();
  try {
    const std::string_view host = host_of(scope);
    const DockerName name = DockerName::parse(std::string(scope) + "/x/x");
    // A host without dot and port is in no name of an image, so that nothing would ever find it.
    if (name.domain != host && !(name.domain == "docker.io" && host == "index.docker.io")) refuse();
    return name.domain + std::string(scope.substr(host.size()));
  } catch (const Error&) {
    refuse();
  }
  return {};
}

std::string Logins::path() const {
  const AuthFilePath first = auth_file_paths(authfile_, env_).front();
  const std::string runtime = env_.variable("XDG_RUNTIME_DIR");
  if (!runtime.empty() && first.path.starts_with(runtime + "/") && !folder_exists(runtime))
    throw Error(Status::not_found,
                fmt::format("XDG_RUNTIME_DIR names {}, which is not a folder", printable(runtime)));
  return first.path;
}

std::string Logins::save(const std::string& scope, const sdk::Credentials& login) const {
  std::optional<Error> first;
  for (const std::string& helper : helpers_) {
    try {
      if (helper == kAuthFileHelper) return save_in_file(scope, login);
      if (scope.find('/') != std::string::npos)
        throw Error(Status::unsupported,
                    fmt::format("credential helper {} keeps no login for {}, which is more than a "
                                "host",
                                helper, scope));
      CredentialHelper(helper, env_).store(scope, login);
      return "docker-credential-" + helper;
    } catch (const Error& e) {
      if (first) env_.warn(e.message());
      if (!first) first = e;
    }
  }
  if (first) throw *first;
  throw Error(Status::invalid, "no credential helper and no auth file is configured");
}

std::string Logins::save_in_file(const std::string& scope, const sdk::Credentials& login) const {
  const std::string file = path();
  std::string place = file;
  edit_auth_file(file, [&](Json& document) {
    const AuthFile known(file, AuthFile::Format::current, document.dump());
    if (const auto suffix = known.helper_for(host_of(scope))) {
      if (scope.find('/') != std::string::npos)
        throw Error(Status::unsupported,
                    fmt::format("credential helper {} keeps no login for {}, which is more than a "
                                "host",
                                *suffix, scope));
      CredentialHelper(*suffix, env_).store(scope, login);
      place = "docker-credential-" + *suffix;
      return false;
    }
    Json* auths = document.find("auths");
    if (auths == nullptr) auths = &document.set("auths", Json::object());
    auths->set(scope, entry_of(login));
    return true;
  });
  return place;
}

bool Logins::remove(const std::string& scope) const {
  const std::string host(host_of(scope));
  bool removed = false;
  for (const std::string& helper : helpers_) {
    if (helper == kAuthFileHelper) {
      removed = remove_from_file(scope) || removed;
    } else if (scope == host) {
      removed = erase_from_helper(CredentialHelper(helper, env_), host) || removed;
    }
  }
  return removed;
}

bool Logins::remove_from_file(const std::string& scope) const {
  const std::string file = path();
  if (!AuthFile::load(file, AuthFile::Format::current)) return false;
  bool removed = false;
  edit_auth_file(file, [&](Json& document) {
    const AuthFile known(file, AuthFile::Format::current, document.dump());
    const auto suffix = known.helper_for(scope);
    if (suffix) removed = erase_from_helper(CredentialHelper(*suffix, env_), scope);
    const bool changed = erase_keys(document, scope);
    removed = removed || changed;
    return changed;
  });
  return removed;
}

void Logins::remove_all() const {
  for (const std::string& helper : helpers_) {
    if (helper == kAuthFileHelper) {
      std::vector<LoginEntry> known;
      list_file({path(), AuthFile::Format::current, false}, known);
      for (const LoginEntry& entry : known) remove_from_file(entry.scope);
      continue;
    }
    const CredentialHelper program(helper, env_);
    for (const auto& [server, user] : program.list()) program.erase(server);
  }
}

std::vector<LoginEntry> Logins::list() const {
  std::vector<LoginEntry> out;
  for (const std::string& helper : helpers_) {
    if (helper != kAuthFileHelper) {
      list_helper(helper, "", out);
      continue;
    }
    for (const AuthFilePath& place : auth_file_paths(authfile_, env_)) list_file(place, out);
  }
  return out;
}

void Logins::list_file(const AuthFilePath& place, std::vector<LoginEntry>& out) const {
  const auto file = AuthFile::load(place.path, place.format);
  if (!file) return;
  if (const Json* helpers = file->document().find("credHelpers");
      helpers != nullptr && place.format == AuthFile::Format::current) {
    for (const auto& [host, suffix] : helpers->members("credHelpers"))
      list_helper(suffix.string(host), host, out);
  }
  for (const auto& [key, login] : file->logins(env_))
    out.push_back({key, login.username, place.path});
}

void Logins::list_helper(const std::string& suffix, std::string_view host,
                         std::vector<LoginEntry>& out) const {
  try {
    for (const auto& [server, user] : CredentialHelper(suffix, env_).list()) {
      if (host.empty() || key_means_host(server, host, AuthFile::Format::legacy))
        out.push_back({server, user, "docker-credential-" + suffix});
    }
  } catch (const Error& e) {
    env_.warn(e.message());
  }
}

}  // namespace sealos::config
