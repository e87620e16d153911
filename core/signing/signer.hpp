// Who signs what is copied.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/signing/simple_signing.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::signing {

/// A key that has been tried: it can sign. Not for concurrent use.
class Signer {
 public:
  Signer() = default;
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  virtual ~Signer() = default;

  /// The label of the signatures that it makes.
  virtual std::string format() const = 0;
  /// For messages: "key 4A71…".
  virtual std::string name() const = 0;
  virtual Item sign(const Payload& payload) = 0;
};

/// Gives the passphrase of a key. Called once at most; throws where there is none.
using TellPassphrase = std::function<std::string()>;
/// Something that the user should know, and that is no error.
using Warn = std::function<void(const std::string& text)>;

/// Simple signing with an OpenPGP key of the user's key ring: its fingerprint, or a user id or
/// address that is exactly one key's. The primary key signs where it can, since readers of before
/// 2024 take no signature of a subkey; else `warn` is told. Without `tell`, GnuPG's agent asks for
/// a passphrase. creator: software and version. Throws SEALOS_NOT_FOUND where there is no such key,
/// SEALOS_UNAUTHENTICATED for a wrong passphrase, and what else keeps it from signing.
std::unique_ptr<Signer> gpg_signer(const std::string& key, const TellPassphrase& tell,
                                   const std::string& creator, const Warn& warn);

/// Sigstore signing with a private key in the form of cosign and skopeo, encrypted; file: its
/// text, name: for messages. `tell` is asked where the empty passphrase does not open it; may be
/// empty. Throws SEALOS_INVALID for what is no such key, SEALOS_UNAUTHENTICATED for a wrong
/// passphrase.
std::unique_ptr<Signer> sigstore_signer(const std::string& file, const std::string& name,
                                        const TellPassphrase& tell, const std::string& creator);

}  // namespace sealos::signing
