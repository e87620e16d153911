#include "core/config/credentials.hpp"

#include <fmt/format.h>

#include "core/config/credential_helper.hpp"
#include "core/config/secret.hpp"

namespace sealos::config {
namespace {

sdk::Credentials split_creds(const std::string& text, const Ask& ask) {
  if (text.empty()) throw Error(Status::invalid, "--creds is empty: USER[:PASSWORD] is wanted");
  sdk::Credentials out;
  const size_t colon = text.find(':');
  out.username = text.substr(0, colon);
  if (out.username.empty())
    throw Error(Status::invalid, "--creds has no user name: USER[:PASSWORD] is wanted");
  if (colon != std::string::npos) {
    out.password = text.substr(colon + 1);
    return out;
  }
  if (!ask)
    throw Error(Status::unauthenticated,
                "--creds has no password, and there is no terminal to ask for it");
  out.password = ask("Password: ", false);
  return out;
}

std::string runtime_auth_file(const Environment& env) {
  const std::string runtime = env.variable("XDG_RUNTIME_DIR");
  if (runtime.empty())
    return env.system_path(fmt::format("/run/containers/{}/auth.json", env.user));
  if (!folder_exists(runtime))
    env.warn(fmt::format("XDG_RUNTIME_DIR names {}, which is not a folder", printable(runtime)));
  return runtime + "/containers/auth.json";
}

}  // namespace

std::vector<AuthFilePath> auth_file_paths(const std::optional<std::string>& authfile,
                                          const Environment& env) {
  const auto current = AuthFile::Format::current;
  if (authfile) return {{*authfile, current, true}};
  if (const std::string named = env.variable("REGISTRY_AUTH_FILE"); !named.empty())
    return {{named, current, true}};
  if (const std::string folder = env.variable("DOCKER_CONFIG"); !folder.empty())
    return {{folder + "/config.json", current, false}};
  return {{runtime_auth_file(env), current, false},
          {env.config_home() + "/containers/auth.json", current, false},
          {env.home + "/.docker/config.json", current, false},
          {env.home + "/.dockercfg", AuthFile::Format::legacy, false}};
}

CredentialFinder::CredentialFinder(CredentialOptions options, Environment env, const Ask& ask)
    : options_(std::move(options)), env_(std::move(env)) {
  if (options_.no_creds && (options_.creds || options_.registry_token))
    throw Error(Status::invalid, "--no-creds excludes --creds and --registry-token");
  if (options_.creds && options_.registry_token)
    throw Error(Status::invalid, "--creds and --registry-token exclude each other");
  if (options_.authfile && options_.authfile->empty())
    throw Error(Status::invalid, "--authfile is empty: the path of a file is wanted");
  if (options_.creds) {
    given_ = split_creds(*options_.creds, ask);
    wipe(*options_.creds);
  }
  if (const auto first = auth_file_paths(options_.authfile, env_).front();
      first.required && is_pipe(first.path) && !options_.no_creds) {
    piped_ = AuthFile::load(first.path, first.format);
  }
  if (options_.registry_token) given_.emplace().registry_token = *options_.registry_token;
}

std::optional<sdk::Credentials> CredentialFinder::find(std::string_view scope) const {
  const std::string_view host = host_of(scope);
  if (options_.no_creds) return std::nullopt;
  if (given_ && (options_.host.empty() || normal_host(options_.host) == normal_host(host)))
    return given_;
  std::optional<Error> first;
  std::vector<std::string> helpers{kAuthFileHelper};
  if (options_.helpers) helpers = options_.helpers();
  for (const std::string& helper : helpers) {
    try {
      auto login = helper == kAuthFileHelper
                       ? find_in_files(scope)
                       : ask_helper(helper, host, "\"credential-helpers\" in registries.conf");
      if (login) return login;
    } catch (const Error& e) {
      // The others may know the login; what went wrong counts only if none of them does.
      if (first) env_.warn(e.message());
      if (!first) first = e;
    }
  }
  if (first) throw *first;
  return std::nullopt;
}

std::optional<sdk::Credentials> CredentialFinder::find_in_files(std::string_view scope) const {
  for (const AuthFilePath& place : auth_file_paths(options_.authfile, env_)) {
    const std::optional<AuthFile> file = piped_ ? piped_ : AuthFile::load(place.path, place.format);
    if (!file && place.required)
      throw Error(Status::not_found,
                  fmt::format("auth file {} does not exist", printable(place.path)));
    if (!file) continue;
    if (auto login = find_in(*file, scope)) {
      env_.debug(
          fmt::format("the login for {} is from {}", printable(scope), printable(place.path)));
      return login;
    }
  }
  env_.debug(fmt::format("no login for {} is in the auth files", printable(scope)));
  return std::nullopt;
}

std::optional<sdk::Credentials> CredentialFinder::find_in(const AuthFile& file,
                                                          std::string_view scope) const {
  const std::string_view host = host_of(scope);
  if (const auto suffix = file.helper_for(host))
    return ask_helper(*suffix, host, "\"credHelpers\" in " + printable(file.path()));
  if (auto login = file.find(scope, env_)) return login;
  // podman and skopeo take no notice of credsStore. Where it works it is what docker's users
  // expect; where it does not, the copy must not fail that works with the others.
  const std::string store = file.store();
  if (store.empty()) return std::nullopt;
  try {
    return ask_helper(store, host, "\"credsStore\" in " + printable(file.path()));
  } catch (const Error& e) {
    env_.warn(e.message());
    return std::nullopt;
  }
}

std::optional<sdk::Credentials> CredentialFinder::ask_helper(const std::string& suffix,
                                                             std::string_view host,
                                                             std::string_view named_by) const {
  try {
    return CredentialHelper(suffix, env_).get_for_host(host);
  } catch (Error& e) {
    throw e.add_context(
        fmt::format("getting the login for {}, as {} says", printable(host), named_by));
  }
}

}  // namespace sealos::config
