// Private keys as cosign and skopeo keep them.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sealos::signing {

using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

/// PEM "ENCRYPTED SIGSTORE PRIVATE KEY" (or COSIGN): JSON with a PKCS#8 key under scrypt and NaCl's
/// secretbox. An ECDSA, RSA or Ed25519 key.
class SigstoreKeyFile {
 public:
  /// Throws SEALOS_INVALID for everything else.
  static SigstoreKeyFile parse(std::string_view file);

  /// nullopt: the passphrase is wrong.
  std::optional<PrivateKey> open(std::string_view passphrase) const;

 private:
  std::string salt_, nonce_, ciphertext_;
  std::uint64_t n_ = 0, r_ = 0, p_ = 0;
};

/// An ASN.1 signature by an ECDSA key over the SHA-256 of the bytes; PKCS#1 for RSA; plain Ed25519.
std::string sign_with(EVP_PKEY& key, std::string_view bytes);

}  // namespace sealos::signing
