// How a cluster is reached: what a kubeconfig file says.
#pragma once

#include <optional>
#include <string>

#include "core/config/environment.hpp"
#include "support/http/client.hpp"

namespace sealos::custom_resources {

struct ClusterAccess {
  std::string server;  ///< an address, without a slash at its end
  http::TlsOptions tls;
  http::ProxyRules proxies;
  std::string authorization;  ///< value of that header; "": none
};

/// Of the current context. Paths in the file are relative to its folder. Throws SEALOS_NOT_FOUND
/// where a file is missing, SEALOS_INVALID for what is malformed, SEALOS_UNSUPPORTED for what is
/// not done here: exec, auth-provider and impersonation.
ClusterAccess read_kubeconfig(const std::string& path);

/// The kubeconfig of the hub of that registry for that user: `.sealos/REGISTRY/USER/config` in the
/// home folder. nullopt: there is none.
std::optional<std::string> find_kubeconfig(const config::Environment& environment,
                                           const std::string& registry, const std::string& user);

}  // namespace sealos::custom_resources
