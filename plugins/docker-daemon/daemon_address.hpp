// Where the daemon is, and how it is talked to.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sealos/sdk/host.hpp"
#include "support/http/tls.hpp"

namespace sealos::docker_daemon {

struct DaemonAddress {
  std::string given;        ///< as it was named, for messages
  std::string unix_socket;  ///< "": over TCP
  std::string base;         ///< "http://docker", "https://host:2376/prefix"; no slash at the end
  http::TlsOptions tls;
  std::string warning;  ///< "": none

  using Environment = std::function<std::optional<std::string>(const char*)>;

  /// In this order: the option docker-daemon.host, DOCKER_HOST, the docker context that is chosen
  /// by DOCKER_CONTEXT or in config.json, the system's socket, the user's socket. Throws
  /// SEALOS_INVALID, SEALOS_UNSUPPORTED for ssh.
  static DaemonAddress find(sdk::Host host, const Environment& environment);
};

/// getenv; a variable that is empty counts as not set.
std::optional<std::string> process_environment(const char* name);

}  // namespace sealos::docker_daemon
