// One file of logins, as docker, podman, buildah and skopeo write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/environment.hpp"
#include "sealos/sdk/host.hpp"
#include "support/json/json.hpp"

namespace sealos::config {

/// The host of "host[:port][/path]".
std::string_view host_of(std::string_view scope);
/// The scope and every wider one, down to the host: "h/a/b", "h/a", "h".
std::vector<std::string> scopes_of(std::string_view scope);
/// docker.io, registry-1.docker.io and index.docker.io are one registry; this is its one name.
std::string_view normal_host(std::string_view host);
/// All names under which a helper or a file may know a host, the given one first.
std::vector<std::string> names_of_host(std::string_view host);

/// auth.json, docker's config.json, or the legacy .dockercfg: a value. Format:
/// containers-auth.json(5).
class AuthFile {
 public:
  enum class Format {
    current,  ///< {"auths": {...}, "credHelpers": {...}, "credsStore": "..."}
    legacy    ///< .dockercfg: what current has below "auths"; keys are URLs, paths in them ignored
  };

  /// nullopt: there is no such file. Throws, naming the file, where it cannot be read or is not
  /// such a file; an empty file is not.
  static std::optional<AuthFile> load(const std::string& path, Format format);
  /// As load, for a text that was read from elsewhere; the text is not kept.
  AuthFile(std::string path, Format format, std::string_view text);

  /// The suffix of the program that "credHelpers" names for a host.
  std::optional<std::string> helper_for(std::string_view host) const;
  /// The suffix of the program for all other hosts; "": none.
  std::string store() const;
  /// The login of the narrowest scope that has one; nullopt where there is none, or an empty one.
  /// Throws where it cannot be decoded.
  std::optional<sdk::Credentials> find(std::string_view scope, const Environment& env) const;
  /// The keys of "auths", as they are written.
  std::vector<std::string> keys() const;
  /// Each key with its login; what is none is left out, what cannot be decoded is warned of.
  std::vector<std::pair<std::string, sdk::Credentials>> logins(const Environment& env) const;

  const std::string& path() const { return path_; }
  const Json& document() const { return document_; }

 private:
  std::optional<std::string> key_for(std::string_view scope) const;
  std::optional<sdk::Credentials> decode(const std::string& key, const Json& entry,
                                         const Environment& env) const;
  const Json* entries() const;

  std::string path_;
  Format format_;
  Json document_;
};

/// Whether a key of "auths" is another spelling of the host: with a scheme, or docker.io's aliases.
bool key_means_host(std::string_view key, std::string_view host, AuthFile::Format format);

}  // namespace sealos::config
