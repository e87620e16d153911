// The authorities that this machine trusts, read only as far as they are needed. Not for other
// folders.
#pragma once

#include <openssl/ssl.h>

namespace sealos::http {

/// Lets a context trust the system's authorities, in the places that OpenSSL has for them, or that
/// SSL_CERT_FILE and SSL_CERT_DIR name. To read all of them takes as long as a few connections:
/// where there is a folder that is sorted by name (openssl-rehash(1)) only those that a server's
/// certificate needs are read, and the file with all of them when that is not enough.
void trust_system(SSL_CTX* context);

}  // namespace sealos::http
