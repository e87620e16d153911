// Keeping logins, forgetting them and listing them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/credentials.hpp"
#include "core/config/environment.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::config {

struct LoginEntry {
  std::string scope;  ///< as it is written there: a host, or a namespace of one, or a URL
  std::string user;   ///< "": an identity token without a name
  std::string place;  ///< the path of a file, or the name of a helper
};

/// The logins of a user, in the places where CredentialFinder looks. Writing goes where podman
/// writes: to the first helper of registries.conf that takes it; there, what stands for the auth
/// files means the file of --authfile or REGISTRY_AUTH_FILE, or config.json in DOCKER_CONFIG, or
/// auth.json in the runtime folder. Files are replaced as a whole, mode 0600, and keep the members
/// that are not understood. Processes that use this wait for each other.
class Logins {
 public:
  Logins(std::optional<std::string> authfile, std::vector<std::string> helpers, Environment env);

  /// "https://Host/v2/" becomes "Host"; throws SEALOS_INVALID for what is no "host[:port][/path]".
  static std::string normal_scope(std::string_view text);

  /// Returns where it is kept now. Does not ask the registry whether it is right.
  std::string save(const std::string& scope, const sdk::Credentials& login) const;
  /// False: there was none in the places that save writes to.
  bool remove(const std::string& scope) const;
  /// All that is in those places.
  void remove_all() const;
  /// Of all places, in the order in which they are searched. Helpers that fail are warned of.
  std::vector<LoginEntry> list() const;

  /// The file that is written.
  std::string path() const;

 private:
  std::string save_in_file(const std::string& scope, const sdk::Credentials& login) const;
  bool remove_from_file(const std::string& scope) const;
  void list_file(const AuthFilePath& place, std::vector<LoginEntry>& out) const;
  void list_helper(const std::string& suffix, std::string_view host,
                   std::vector<LoginEntry>& out) const;

  std::optional<std::string> authfile_;
  std::vector<std::string> helpers_;
  Environment env_;
};

}  // namespace sealos::config
