// The few cryptographic operations that the key wraps are made of, on OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "support/jwk/jwk.hpp"

namespace sealos::encryption {

using jwk::ec_key_like;
using jwk::ec_point;
using jwk::ec_public_key;
using jwk::EcPoint;
using jwk::own;
using jwk::Pkey;

/// Strings hold bytes here; those with secrets are wiped by who holds them (config::WipeAtEnd).
/// What needs a secret to succeed gives nullopt where it fails, and never says which part did; all
/// else that fails throws SEALOS_INTERNAL.
std::string random_bytes(size_t count);

struct Sealed {
  std::string nonce, ciphertext, tag;
};

/// AES-GCM with a key of 16, 24 or 32 bytes, a random nonce of 12, a tag of 16.
Sealed gcm_seal(std::string_view key, std::string_view plain, std::string_view associated);
std::optional<std::string> gcm_open(std::string_view key, const Sealed& sealed,
                                    std::string_view associated);

/// RFC 7518, 5.2.2: AES-CBC with an HMAC; the key is both keys, 32, 48 or 64 bytes.
std::optional<std::string> cbc_hmac_open(std::string_view key, const Sealed& sealed,
                                         std::string_view associated);

/// RFC 3394 with a key of 16, 24 or 32 bytes.
std::string wrap_key(std::string_view kek, std::string_view key);
std::optional<std::string> unwrap_key(std::string_view kek, std::string_view wrapped);

enum class RsaPadding { pkcs1, oaep_sha1, oaep_sha256 };
std::string rsa_encrypt(const Pkey& key, RsaPadding padding, std::string_view plain);
std::optional<std::string> rsa_decrypt(const Pkey& key, RsaPadding padding,
                                       std::string_view ciphertext);

/// The x-coordinate that both sides compute, as long as the curve's field; nullopt where the keys
/// are not of one curve.
std::optional<std::string> ecdh(const Pkey& mine, const Pkey& theirs);

/// RFC 7518, 4.6.2: a key of `bits` bits out of what ecdh gave.
std::string concat_kdf(std::string_view shared, std::string_view algorithm, std::string_view apu,
                       std::string_view apv, unsigned bits);

}  // namespace sealos::encryption
