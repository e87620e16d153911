// Names of images as docker, podman and the registries write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/digest.hpp"

namespace sealos {

/// `host[:port]/path[:tag][@digest]` in its normal form: "busybox" is "docker.io/library/busybox".
/// Grammar and normal form are those of the distribution project's reference package.
struct DockerName {
  std::string domain;  ///< "docker.io", "localhost:5000", "[::1]:5000"
  std::string path;    ///< "library/busybox"
  std::string tag;     ///< "": none
  std::optional<Digest> digest;

  /// Throws SEALOS_INVALID, naming what is wrong.
  static DockerName parse(std::string_view text);

  /// Without tag and digest: "docker.io/library/busybox".
  std::string repository() const { return domain + "/" + path; }
  /// "docker.io/library/busybox:1@sha256:...".
  std::string str() const;
  bool operator==(const DockerName&) const = default;
};

/// What configuration may call an image by, wider and wider: "host:5000/a/b", "host:5000/a",
/// "host:5000", and "*.parent.domain" for each domain around a host, whatever its port.
std::vector<std::string> enclosing_names(const DockerName& name);

/// Whether a tag follows the grammar of the OCI distribution specification.
bool is_tag(std::string_view text);

}  // namespace sealos
