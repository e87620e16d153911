// registries.conf: where an image is really read from, and what may be written to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/environment.hpp"
#include "core/config/registries_file.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::config {

/// One place to try for a pull.
struct PullEndpoint {
  DockerName name;
  bool insecure = false;  ///< what the files say; --tls-verify, where given, overrides it
  bool mirror = false;    ///< not the registry itself
};

/// What a short name may mean.
struct ShortNameCandidates {
  std::vector<DockerName> names;  ///< with a tag or digest, best first
  /// Several names are possible, and the user has a terminal: ask, try the chosen one only, and
  /// call remember_alias once it has worked.
  bool ask = false;
};

/// registries.conf with its drop-ins, merged as containers-registries.conf(5) says. A value; safe
/// to use from any thread.
class Registries {
 public:
  struct Options {
    std::optional<std::string> file;      ///< --registries-conf; it has to exist
    std::optional<std::string> drop_ins;  ///< the only folder of drop-ins, in place of the usual
  };

  /// Throws SEALOS_INVALID for a file that is wrong, naming it; no file at all is no error.
  static Registries load(const Options& options, const Environment& env);

  /// Where to read an image from, in order: mirrors, then the registry itself, rewritten.
  /// Throws SEALOS_DENIED where it is blocked, naming the file; mirrors that are blocked are left
  /// out.
  std::vector<PullEndpoint> resolve_pull(const DockerName& name) const;

  /// Whether a push may go on without TLS that can be trusted; names are never rewritten for a
  /// push. Throws SEALOS_DENIED where the registry is blocked, naming the file.
  bool check_push(const DockerName& name) const;

  /// The names that a pull of `text` tries; for what is no short name, that alone. terminal: the
  /// user can be asked. Throws SEALOS_NOT_FOUND where the name means nothing.
  ShortNameCandidates resolve_short_name(std::string_view text, bool terminal) const;

  /// The names under which local storage may have `text`, best first.
  std::vector<DockerName> local_candidates(std::string_view text) const;

  /// Remembers what the user chose, in the file that podman keeps for that. Throws where it cannot
  /// be written.
  static void remember_alias(std::string_view text, const DockerName& chosen,
                             const Environment& env);

  const std::vector<std::string>& credential_helpers() const { return credential_helpers_; }
  const std::vector<std::string>& search() const { return search_; }
  ShortNameMode short_name_mode() const { return mode_; }
  /// The entry for a name; nullptr: none.
  const Registry* find(const DockerName& name) const;

 private:
  void merge(RegistriesFile&& update, const std::string& path);
  void refuse_blocked(const Registry& registry) const;
  std::optional<DockerName> alias_for(const DockerName& with_localhost) const;

  std::vector<Registry> registries_;  ///< sorted by prefix
  std::vector<std::string> search_;
  std::string search_file_;
  std::vector<std::string> credential_helpers_;
  ShortNameMode mode_ = ShortNameMode::permissive;
  std::map<std::string, std::string, std::less<>> aliases_;
  std::map<std::string, std::string, std::less<>> learned_;  ///< the machine-written aliases
};

}  // namespace sealos::config
