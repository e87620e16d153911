// Who may read an encrypted image, and what opens one: the values of --encryption-key and
// --decryption-key.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/encryption/cms.hpp"
#include "core/encryption/jwe.hpp"
#include "core/encryption/pgp_key.hpp"
#include "core/encryption/provider.hpp"

namespace sealos::encryption {

/// Where keys are looked for.
struct KeyPlaces {
  const config::Environment& env;
  std::string temp_dir;
  AskPassphrase ask;  ///< may be empty: nobody to ask
};

/// Recipients by scheme; every key has been read and will do.
struct Recipients {
  std::vector<PublicKey> jwe;
  std::vector<Certificate> pkcs7;
  std::vector<std::string> pgp;  ///< fingerprints in the user's key ring
  std::vector<std::pair<KeyProvider, std::string>> providers;  ///< with the argument

  /// Each spec is jwe:FILE, pkcs7:FILE, pgp:USER-ID-OR-FINGERPRINT or provider:NAME[:ARGUMENT].
  /// Throws SEALOS_INVALID for another, and what reading a key throws.
  static Recipients load(const std::vector<std::string>& specs, const KeyPlaces& places);
  bool empty() const { return jwe.empty() && pkcs7.empty() && pgp.empty() && providers.empty(); }
};

/// What opens layers. Safe for concurrent use.
struct DecryptionKeys {
  std::vector<Pkey> keys;
  std::vector<Certificate> certificates;
  std::vector<std::shared_ptr<PgpKey>> pgp;
  std::vector<std::pair<KeyProvider, std::string>> providers;

  /// Each spec is FILE[:PASSPHRASE] with PASSPHRASE one of pass=TEXT, file=PATH, fd=NUMBER or the
  /// text itself, or provider:NAME[:ARGUMENT]. Throws SEALOS_INVALID for a file that is no key.
  static DecryptionKeys load(const std::vector<std::string>& specs, const KeyPlaces& places);
  bool empty() const {
    return keys.empty() && certificates.empty() && pgp.empty() && providers.empty();
  }
};

}  // namespace sealos::encryption
