// JSON Web Keys (RFC 7517, RFC 7518 section 6) of kinds RSA and EC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/encryption/key_file.hpp"

namespace sealos::encryption {

/// nullopt: the text is no JSON object with a "kty". Throws SEALOS_INVALID for a JWK that is wrong,
/// or is a private key where a public one is wanted; SEALOS_UNSUPPORTED for other kinds.
std::optional<PublicKey> read_public_jwk(std::string_view text);
std::optional<Pkey> read_private_jwk(std::string_view text);

}  // namespace sealos::encryption
