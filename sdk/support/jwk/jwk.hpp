// Keys as JSON (RFC 7517, RFC 7518 section 6) of the kinds RSA and EC, on OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "support/json/json.hpp"

namespace sealos::jwk {

/// A public or private key; immutable, so it may be shared among threads.
using Pkey = std::shared_ptr<EVP_PKEY>;
Pkey own(EVP_PKEY* key);

enum class Part { only_public, with_private };

/// Throws SEALOS_INVALID for what is no key, SEALOS_UNSUPPORTED for keys of other kinds and curves.
Pkey key_of(const Json& jwk, Part part);

/// A point of P-256, P-384 or P-521, which the JWK's names stand for; the coordinates are bytes, as
/// many as the field has.
struct EcPoint {
  std::string curve, x, y;
};

/// Throws SEALOS_UNSUPPORTED for a key on another curve.
EcPoint ec_point(const Pkey& key);
Pkey ec_public_key(const EcPoint& point);
/// A new pair on the curve of that key.
Pkey ec_key_like(const Pkey& key);
/// The members "kty", "crv", "x" and "y".
Json public_jwk(const EcPoint& point);

}  // namespace sealos::jwk
