// How a cluster is reached: what a kubeconfig file says.
#pragma once

#include <string>

#include "support/http/client.hpp"

namespace sealos::hub {

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

}  // namespace sealos::hub
