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
  static Gpg of_user();
  /// An empty one for the time of this object, below `temp_dir`.
  static Gpg temporary(const std::string& temp_dir);
  Gpg(Gpg&&) noexcept;
  Gpg& operator=(Gpg&&) noexcept;
  ~Gpg();

  /// Keys in binary or armoured form; returns the fingerprints of the primary keys.
  std::vector<std::string> import(std::string_view keys);

  /// The keys whose user id, its name or its address is exactly `wanted`, or whose fingerprint it
  /// is.
  std::vector<KeyName> find(const std::string& wanted, bool secret);

  /// To the keys of these fingerprints: binary, neither signed nor compressed.
  std::string encrypt(std::string_view plain, const std::vector<std::string>& fingerprints);
  /// nullopt: no secret key here fits. Throws SEALOS_UNAUTHENTICATED for a wrong passphrase.
  std::optional<std::string> decrypt(std::string_view message, const TellPassphrase& tell);

  /// An inline signed message by the primary key of that fingerprint, or where that cannot sign by
  /// a subkey. Without `tell`, GnuPG's agent asks.
  std::string sign(std::string_view payload, const std::string& fingerprint,
                   const TellPassphrase& tell);
  /// Whether it is the primary key that `sign` would sign with. Asks for nothing; throws why there
  /// is no key that could.
  bool check_signer(const std::string& fingerprint);
  /// Takes an inline signed message apart; a good signature is one that is valid now by a key that
  /// is here. Throws SEALOS_INVALID for what is no such message.
  Verified verify(std::string_view message);

 private:
  struct Impl;
  explicit Gpg(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sealos::gpg
