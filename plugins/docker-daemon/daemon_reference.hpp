// A parsed docker-daemon: reference, and what can be done with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon_destination.hpp"
#include "daemon_name.hpp"
#include "daemon_source.hpp"
#include "sealos/sdk/host.hpp"

namespace sealos::docker_daemon {

class Reference {
 public:
  explicit Reference(std::string_view details) : name_(DaemonName::parse(details)) {}

  std::string canonical() const { return name_.canonical(); }
  std::optional<std::string> docker_name() const;
  std::string policy_identity() const;
  std::vector<std::string> policy_namespaces() const;

  std::unique_ptr<Source> open_source(sdk::Host host) const;
  std::unique_ptr<Destination> open_destination(sdk::Host host) const;
  /// Nothing is sent before the first blob: one like the other.
  std::unique_ptr<Destination> open_preview(sdk::Host host) const;

 private:
  DaemonName name_;
};

}  // namespace sealos::docker_daemon
