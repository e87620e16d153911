// docker-credential-* programs: keychains and cloud logins.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/environment.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::config {

/// One credential helper, found in PATH as docker-credential-<suffix>. Protocol: README of
/// docker-credential-helpers. A value; safe from any thread. Secrets go through pipes and memory
/// only, and are in no error text.
class CredentialHelper {
 public:
  static constexpr std::chrono::milliseconds kTimeout{60000};

  /// Throws SEALOS_INVALID for a suffix that is no plain name.
  CredentialHelper(std::string suffix, const Environment& env,
                   std::chrono::milliseconds timeout = kTimeout);

  /// Whether the program is there.
  bool installed() const { return !program_.empty(); }

  // The following throw SEALOS_UNAUTHENTICATED where the program is missing or fails.

  /// nullopt: the helper knows no login for the server.
  std::optional<sdk::Credentials> get(const std::string& server) const;
  /// As get, for a host, which docker.io's helpers know under several names.
  std::optional<sdk::Credentials> get_for_host(std::string_view host) const;
  void store(const std::string& server, const sdk::Credentials& login) const;
  /// False: it had none.
  bool erase(const std::string& server) const;
  /// Servers and user names.
  std::vector<std::pair<std::string, std::string>> list() const;

 private:
  std::optional<std::string> run(const char* verb, std::string_view input,
                                 std::string_view secret) const;

  std::string name_;
  std::string program_;  ///< absolute; "": not found
  const Environment& env_;
  std::chrono::milliseconds timeout_;
};

}  // namespace sealos::config
