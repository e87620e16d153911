// JSON Web Encryption (RFC 7516) in its JSON serializations, as ocicrypt writes and reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/encryption/key_file.hpp"

namespace sealos::encryption {

/// A JWE for at least one recipient, content encrypted with A256GCM: flattened for one, general
/// for several.
std::string jwe_encrypt(std::string_view plain, const std::vector<PublicKey>& recipients);

/// What the first of the keys that fits opens; nullopt: none does. Takes every serialization, and
/// every `enc` and key management of RFC 7518 that uses RSA-OAEP or ECDH-ES with a key wrap. Throws
/// SEALOS_INVALID for what is no JWE.
std::optional<std::string> jwe_decrypt(std::string_view jwe, const std::vector<Pkey>& keys);

/// How the content's key is wrapped for each recipient, e.g. "RSA-OAEP" or "ECDH-ES+A256KW, P-256,
/// key k1": all that a JWE says of them. Throws SEALOS_INVALID for what is no JWE.
std::vector<std::string> jwe_recipients(std::string_view jwe);
/// The JWE without that recipient, counted from 0; it has to have others.
std::string jwe_without(std::string_view jwe, size_t which);

}  // namespace sealos::encryption
