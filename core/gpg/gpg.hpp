// GnuPG, through GPGME: what encryption and simple signing need of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/error.hpp"

namespace sealos::gpg {

/// Gives the passphrase of a key. Called at most once for an operation; an empty answer means that
/// there is none.
using TellPassphrase = std::function<std::string()>;

struct KeyName {
  std::string fingerprint;            ///< of the primary key, 40 hexadecimal digits
  std::vector<std::string> user_ids;  ///< "Name <address>"
};

/// What a message carried, and who signed it.
struct Verified {
  struct Signer {
    std::string fingerprint;   ///< of the primary key
    std::string problem;       ///< "": the signature is good
    std::string made_by = {};  ///< fingerprint of the key that signed, perhaps a subkey
  };
  std::string payload;
  std::vector<Signer> signers;
};

/// One home folder of GnuPG. Not for concurrent use; several may be used at once.
class Gpg {
 public:
  /// The user's own home folder: GNUPGHOME, or ~/.gnupg.
  static std::unique_ptr<Gpg> of_user();
  /// An empty one for the time of this object, below `temp_dir`.
  static std::unique_ptr<Gpg> temporary(const std::string& temp_dir);
  Gpg() = default;
  Gpg(const Gpg&) = delete;
  Gpg& operator=(const Gpg&) = delete;
  virtual ~Gpg() = default;

  /// Keys in binary or armoured form; returns the fingerprints of the primary keys.
  virtual std::vector<std::string> import(std::string_view keys) = 0;

  /// The keys whose user id, its name or its address is exactly `wanted`, or whose fingerprint it
  /// is.
  virtual std::vector<KeyName> find(const std::string& wanted, bool secret) = 0;

  /// To the keys of these fingerprints: binary, neither signed nor compressed.
  virtual std::string encrypt(std::string_view plain,
                              const std::vector<std::string>& fingerprints) = 0;
  /// nullopt: no secret key here fits. Throws SEALOS_UNAUTHENTICATED for a wrong passphrase.
  virtual std::optional<std::string> decrypt(std::string_view message,
                                             const TellPassphrase& tell) = 0;

  /// An inline signed message by the primary key of that fingerprint, or where that cannot sign by
  /// a subkey. Without `tell`, GnuPG's agent asks.
  virtual std::string sign(std::string_view payload, const std::string& fingerprint,
                           const TellPassphrase& tell) = 0;
  /// Whether it is the primary key that `sign` would sign with. Asks for nothing; throws why there
  /// is no key that could.
  virtual bool check_signer(const std::string& fingerprint) = 0;
  /// Takes an inline signed message apart; a good signature is one that is valid now by a key that
  /// is here. Throws SEALOS_INVALID for what is no such message.
  virtual Verified verify(std::string_view message) = 0;
};

}  // namespace sealos::gpg
