// Keys and certificates as files have them.
#pragma once

#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/encryption/crypto.hpp"

namespace sealos::encryption {

using Certificate = std::shared_ptr<X509>;

/// Asks for the passphrase of a key file; called at most once for a file.
using AskPassphrase = std::function<std::string(const std::string& file)>;

/// A public key of a recipient, with what a JWK says beyond the key.
struct PublicKey {
  Pkey key;
  std::string algorithm;  ///< how to wrap for it: RFC 7518, 4.1
  std::string key_id;     ///< "": none
};

/// A public key in PEM, DER (SubjectPublicKeyInfo) or as JWK. Throws SEALOS_INVALID for what is
/// none, SEALOS_UNSUPPORTED for kinds that JWE cannot use: only RSA and EC of P-256, P-384, P-521.
PublicKey read_public_key(std::string_view file, std::string_view name);

/// A private key: PKCS#8, PKCS#1 or SEC1, in PEM or DER, encrypted or not, or a JWK. nullopt: the
/// file is none. Throws SEALOS_UNAUTHENTICATED where the passphrase is wrong.
std::optional<Pkey> read_private_key(std::string_view file, const std::string& name,
                                     const std::optional<std::string>& passphrase,
                                     const AskPassphrase& ask);

/// An X.509 certificate in PEM (the first) or DER; nullptr: the file is none.
Certificate read_certificate(std::string_view file);

}  // namespace sealos::encryption
