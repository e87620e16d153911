// What tls.cpp and wire.cpp share of OpenSSL. Not for other folders.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "support/http/tls.hpp"

namespace sealos::http {

struct FreeSsl {
  void operator()(SSL_CTX* it) const { SSL_CTX_free(it); }
  void operator()(SSL* it) const { SSL_free(it); }
  void operator()(X509* it) const { X509_free(it); }
  void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
};

struct TlsContext::Impl {
  struct Client {
    std::vector<std::unique_ptr<X509, FreeSsl>> chain;  ///< its own certificate first
    std::unique_ptr<EVP_PKEY, FreeSsl> key;
  };
  std::unique_ptr<SSL_CTX, FreeSsl> context;
  std::vector<Client> clients;
  bool verify = true;
  std::string server_name;  // "": the host

  /// A session for a connection to `host`: its name or address is what the certificate must show.
  std::unique_ptr<SSL, FreeSsl> make(const std::string& host) const;
};

/// The oldest error that OpenSSL has for this thread, in words; empties its list.
std::string tls_error_text();

}  // namespace sealos::http
