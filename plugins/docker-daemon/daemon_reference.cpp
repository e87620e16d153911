#include "daemon_reference.hpp"

#include <fmt/format.h>

namespace sealos::docker_daemon {
namespace {

std::unique_ptr<DaemonClient> connect(sdk::Host host) {
  return std::make_unique<DaemonClient>(host, DaemonAddress::find(host, process_environment),
                                        process_environment);
}

}  // namespace

std::optional<std::string> Reference::docker_name() const {
  if (!name_.name) return std::nullopt;
  return name_.name->str();
}

std::string Reference::policy_identity() const { return docker_name().value_or(""); }

/// As for a registry: the repository, then wider and wider (containers-policy.json(5)).
std::vector<std::string> Reference::policy_namespaces() const {
  std::vector<std::string> all;
  if (!name_.name) return all;
  std::string scope = name_.name->repository();
  while (true) {
    all.push_back(scope);
    const size_t slash = scope.rfind('/');
    if (slash == std::string::npos) break;
    scope.resize(slash);
  }
  const std::string& domain = name_.name->domain;
  for (size_t dot = domain.find('.'); dot != std::string::npos; dot = domain.find('.', dot + 1))
    all.push_back("*" + domain.substr(dot));
  return all;
}

std::unique_ptr<Source> Reference::open_source(sdk::Host host) const {
  const auto client = connect(host);
  return Source::open(host, *client, name_);
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  if (!name_.name || name_.name->tag.empty()) {
    throw Error(Status::invalid,
                fmt::format("docker-daemon:{}: an image is sent to a name with a tag, not to an id "
                            "or a digest",
                            canonical()));
  }
  return std::make_unique<Destination>(host, connect(host), name_);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return open_destination(host);
}

}  // namespace sealos::docker_daemon
