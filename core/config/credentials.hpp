// Where the login for a registry comes from.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/auth_file.hpp"
#include "core/config/environment.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::config {

/// What stands for the auth files in a list of credential helpers (containers-registries.conf(5)).
inline constexpr const char* kAuthFileHelper = "containers-auth.json";

/// What the user said on the command line, and registries.conf for everyone.
struct CredentialOptions {
  std::optional<std::string> creds;           ///< --creds USER[:PASSWORD]
  std::optional<std::string> registry_token;  ///< --registry-token: a bearer token, used as it is
  bool no_creds = false;                      ///< --no-creds: never log in
  std::optional<std::string> authfile;        ///< --authfile: the one file that is read
  /// The host[:port] that creds and registry_token are for; they are never sent elsewhere, for
  /// instance to a mirror. "": every host.
  std::string host;
  /// "credential-helpers" of registries.conf, asked for when they are needed; empty: the auth
  /// files.
  std::function<std::vector<std::string>()> helpers;
};

/// Asks on the terminal; the flag says whether what is typed is shown.
using Ask = std::function<std::string(const std::string& prompt, bool show)>;

struct AuthFilePath {
  std::string path;
  AuthFile::Format format = AuthFile::Format::current;
  bool required = false;  ///< named by the user: that it is missing is an error
};

/// The files that are searched, in order: the one that --authfile or REGISTRY_AUTH_FILE names; or
/// config.json in DOCKER_CONFIG; or else all of auth.json in the runtime folder, auth.json in the
/// configuration folder, ~/.docker/config.json and ~/.dockercfg. Like podman and buildah.
std::vector<AuthFilePath> auth_file_paths(const std::optional<std::string>& authfile,
                                          const Environment& env);

/// Finds logins in the places where podman, buildah, skopeo and docker keep them. Files are read
/// anew on each call, so that a login made meanwhile is seen; a pipe, --authfile <(...), only once.
/// Safe from any thread.
class CredentialFinder {
 public:
  /// Checks and splits --creds; a missing password is asked for, once, here. Throws
  /// SEALOS_INVALID for options that exclude each other, SEALOS_UNAUTHENTICATED where a password
  /// is missing and nobody can be asked.
  CredentialFinder(CredentialOptions options, Environment env, const Ask& ask = nullptr);

  /// scope: "host[:port][/path]". nullopt: no login is known. Throws where one may be known but
  /// cannot be read, naming the file or program.
  std::optional<sdk::Credentials> find(std::string_view scope) const;

 private:
  std::optional<sdk::Credentials> find_in_files(std::string_view scope) const;
  std::optional<sdk::Credentials> find_in(const AuthFile& file, std::string_view scope) const;
  std::optional<sdk::Credentials> ask_helper(const std::string& suffix, std::string_view host,
                                             std::string_view named_by) const;

  CredentialOptions options_;
  Environment env_;
  std::optional<sdk::Credentials> given_;
  std::optional<AuthFile> piped_;  ///< --authfile where it is a pipe, read once
};

}  // namespace sealos::config
