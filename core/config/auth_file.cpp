#include "core/config/auth_file.hpp"

#include <fmt/format.h>

#include "core/config/secret.hpp"

namespace sealos::config {

std::string_view host_of(std::string_view scope) { return scope.substr(0, scope.find('/')); }

std::vector<std::string> scopes_of(std::string_view scope) {
  std::vector<std::string> out;
  while (true) {
    out.emplace_back(scope);
    const size_t slash = scope.rfind('/');
    if (slash == std::string_view::npos) return out;
    scope = scope.substr(0, slash);
  }
}

std::string_view normal_host(std::string_view host) {
  return host == "docker.io" || host == "registry-1.docker.io" ? "index.docker.io" : host;
}

std::vector<std::string> names_of_host(std::string_view host) {
  std::vector<std::string> out{std::string(host)};
  if (normal_host(host) != "index.docker.io") return out;
  for (const char* name :
       {"docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"}) {
    if (host != name) out.emplace_back(name);
  }
  return out;
}

bool key_means_host(std::string_view key, std::string_view host, AuthFile::Format format) {
  bool is_url = format == AuthFile::Format::legacy;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!key.starts_with(scheme)) continue;
    key.remove_prefix(scheme.size());
    is_url = true;
  }
  if (is_url) key = host_of(key);
  return normal_host(key) == normal_host(host);
}

std::optional<AuthFile> AuthFile::load(const std::string& path, Format format) {
  std::optional<std::string> text = read_file_if_there(path);
  if (!text) return std::nullopt;
  keep_out_of_core_files();
  const WipeAtEnd wiped(*text);
  return AuthFile(path, format, *text);
}

AuthFile::AuthFile(std::string path, Format format, std::string_view text)
    : path_(std::move(path)), format_(format) {
  try {
    document_ = Json::parse(text);
    document_.members("the document");
    if (const Json* auths = entries()) {
      for (const auto& [key, entry] : auths->members("auths")) {
        if (!entry.is_null()) entry.members(printable(key));
      }
    }
    if (format == Format::legacy) return;
    store();
    if (const Json* helpers = document_.find("credHelpers")) {
      for (const auto& [host, suffix] : helpers->members("credHelpers"))
        suffix.string(printable(host));
    }
  } catch (Error& e) {
    throw e.add_context("reading auth file " + printable(path_));
  }
}

const Json* AuthFile::entries() const {
  return format_ == Format::legacy ? &document_ : document_.find("auths");
}

std::optional<std::string> AuthFile::helper_for(std::string_view host) const {
  const Json* helpers = format_ == Format::legacy ? nullptr : document_.find("credHelpers");
  if (helpers == nullptr) return std::nullopt;
  for (const std::string& name : names_of_host(host)) {
    const std::string suffix = helpers->text_at(name);
    if (!suffix.empty()) return suffix;
  }
  return std::nullopt;
}

std::string AuthFile::store() const {
  return format_ == Format::legacy ? std::string() : document_.text_at("credsStore");
}

std::vector<std::string> AuthFile::keys() const {
  std::vector<std::string> out;
  if (const Json* auths = entries()) {
    for (const auto& [key, entry] : auths->members("auths")) out.push_back(key);
  }
  return out;
}

std::optional<std::string> AuthFile::key_for(std::string_view scope) const {
  const std::string host(host_of(scope));
  const Json* auths = entries();
  if (auths == nullptr) return std::nullopt;
  const bool narrow = format_ == Format::current;
  for (const std::string& key : narrow ? scopes_of(scope) : std::vector<std::string>{host}) {
    if (auths->find(key) != nullptr) return key;
  }
  for (const std::string& key : keys()) {
    if (key_means_host(key, host, format_) && auths->find(key) != nullptr) return key;
  }
  return std::nullopt;
}

std::optional<sdk::Credentials> AuthFile::find(std::string_view scope,
                                               const Environment& env) const {
  const std::optional<std::string> key = key_for(scope);
  return key ? decode(*key, entries()->at(*key), env) : std::nullopt;
}

std::vector<std::pair<std::string, sdk::Credentials>> AuthFile::logins(
    const Environment& env) const {
  std::vector<std::pair<std::string, sdk::Credentials>> out;
  for (const std::string& key : keys()) {
    const Json* entry = entries()->find(key);
    if (entry == nullptr) continue;
    try {
      if (auto login = decode(key, *entry, env)) out.emplace_back(key, *std::move(login));
    } catch (const Error& e) {
      env.warn(e.message());
    }
  }
  return out;
}

std::optional<sdk::Credentials> AuthFile::decode(const std::string& key, const Json& entry,
                                                 const Environment& env) const {
  // "username" and "password" are not looked at: podman and skopeo know "auth" alone.
  const std::string what =
      fmt::format("reading the login for {} in {}", printable(key), printable(path_));
  sdk::Credentials out;
  std::optional<std::string> pair;
  try {
    pair = decode_base64(entry.text_at("auth"));
    out.identity_token = entry.text_at("identitytoken");
  } catch (Error& e) {
    throw e.add_context(what);
  }
  if (!pair) throw Error(Status::invalid, what + ": its \"auth\" is not base64");
  const WipeAtEnd wiped(*pair);
  const size_t colon = pair->find(':');
  if (colon == std::string::npos) {
    if (!pair->empty())
      env.warn(fmt::format("the login for {} in {} is ignored: its \"auth\" has no colon",
                           printable(key), printable(path_)));
    if (!pair->empty() || out.identity_token.empty()) return std::nullopt;
    return out;
  }
  out.username = pair->substr(0, colon);
  out.password = pair->substr(colon + 1);
  // Old versions of docker padded the password with NUL.
  while (out.password.ends_with('\0')) out.password.pop_back();
  return out;
}

}  // namespace sealos::config
