// `docker://name[:tag|@digest]`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::docker {

class Source;
class Destination;

/// One image in one registry. Immutable.
class Reference {
 public:
  /// details: what stands behind "docker:". Throws SEALOS_INVALID.
  static std::unique_ptr<Reference> parse(std::string_view details);

  std::string canonical() const { return "//" + name_.str(); }
  std::optional<std::string> docker_name() const { return name_.str(); }
  std::string policy_identity() const;
  std::vector<std::string> policy_namespaces() const;
  std::optional<std::string> cache_scope() const { return name_.domain; }

  std::unique_ptr<Source> open_source(sdk::Host host) const;
  /// Throws SEALOS_INVALID for a name with both tag and digest.
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// One that only looks.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;
  std::vector<std::string> list_tags(sdk::Host host) const;
  void remove(sdk::Host host, std::uint32_t flags = 0) const;

  const DockerName& name() const { return name_; }

 private:
  std::unique_ptr<Destination> open(sdk::Host host, sdk::Intent intent) const;
  explicit Reference(DockerName name) : name_(std::move(name)) {}
  DockerName name_;
};

/// What stands behind "/manifests/" for the image: its digest, or else its tag.
std::string manifest_name(const DockerName& name);

}  // namespace sealos::docker
