// Sigstore signatures with keys, in the form that containers-image and cosign before 3 write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/signing/simple_signing.hpp"

namespace sealos::signing {

/// One as images carry it: "sigstore-json".
struct SigstoreSignature {
  std::string payload;
  std::string signature;  ///< "": it has none that a key could check

  /// Throws SEALOS_INVALID for what is none.
  static SigstoreSignature parse(std::string_view json);
  std::string json() const;
};

/// Whether one of the public keys (PEM; ECDSA or RSA over SHA-256, or Ed25519) made the signature.
/// Throws SEALOS_INVALID for a key that cannot be read.
bool signed_by_any(const SigstoreSignature& signature, const std::vector<std::string>& keys);

/// What a sigstore payload says; as strict as parse_payload.
Payload parse_sigstore_payload(std::string_view text);

}  // namespace sealos::signing
