// The details of a docker-daemon: reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sealos/sdk/digest.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::docker_daemon {

/// An id, or a name with a tag or a digest.
struct DaemonName {
  std::optional<Digest> id;
  std::optional<DockerName> name;

  /// Throws SEALOS_INVALID, naming what is wrong.
  static DaemonName parse(std::string_view details);

  /// As docker shows it: "foo:1", "ghcr.io/a/b:2", "sha256:...". Parses back to the same.
  std::string canonical() const;
};

}  // namespace sealos::docker_daemon
