// Certificates for one registry, from the folders that docker and podman use.
#pragma once

#include <string>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "support/http/tls.hpp"

namespace sealos::docker {

/// Certificates from the option "cert-dir", or else from the first certs.d folder that exists for
/// the registry (containers-certs.d(5)). `domain` is as the user wrote it, "docker.io" too.
http::TlsOptions tls_options(const sdk::Host& host, const std::string& domain, bool verify);

/// *.crt are authorities, X.cert and X.key a client's pair. A folder that is missing has none.
/// Throws SEALOS_INVALID for half a pair.
void read_certificate_folder(const std::string& folder, http::TlsOptions& into);

}  // namespace sealos::docker
