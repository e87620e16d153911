// Keys and certificates for tests, made when they are needed.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "support/http/tls_impl.hpp"

namespace sealos::testing {

/// A key and a certificate, both PEM.
struct TestIdentity {
  std::string certificate, key;

  /// An authority that signs itself.
  static TestIdentity authority(const std::string& name);
  /// For the name "localhost" and the address 127.0.0.1, or what `names` says in OpenSSL's words.
  TestIdentity issue(const std::string& name,
                     const std::string& names = "DNS:localhost,IP:127.0.0.1") const;
};

std::unique_ptr<SSL_CTX, http::FreeSsl> server_context(const TestIdentity& identity,
                                                       const std::string& client_ca_pem);

}  // namespace sealos::testing
