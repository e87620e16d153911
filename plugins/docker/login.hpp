// Whether a registry takes a login.
#pragma once

#include <string_view>

#include "sealos/sdk/host.hpp"

namespace sealos::docker {

/// scope: "host[:port][/path]"; the credentials are those that the host has for it. Throws
/// SEALOS_UNAUTHENTICATED where the registry, or its token server, refuses them.
void check_login(const sdk::Host& host, std::string_view scope);

}  // namespace sealos::docker
