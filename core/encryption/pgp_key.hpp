// An OpenPGP secret key of a file, for as long as a copy lasts.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/encryption/key_file.hpp"
#include "core/gpg/gpg.hpp"

namespace sealos::encryption {

/// The file is unpacked into a home folder of its own when it is first needed, and its passphrase
/// asked for once; both are forgotten with this object. Safe for concurrent use.
class PgpKey {
 public:
  /// name: the file's, for who is asked.
  PgpKey(std::string name, std::string bytes, std::optional<std::string> passphrase,
         std::string temp_dir, AskPassphrase ask);
  PgpKey(const PgpKey&) = delete;
  PgpKey& operator=(const PgpKey&) = delete;
  ~PgpKey();

  /// nullopt: the key does not fit. Throws SEALOS_UNAUTHENTICATED for a wrong passphrase.
  std::optional<std::string> decrypt(std::string_view message);

 private:
  const std::string name_, temp_dir_;
  const AskPassphrase ask_;
  std::mutex mutex_;  // guards what follows
  std::string bytes_;
  std::optional<std::string> passphrase_;
  std::unique_ptr<gpg::Gpg> home_;
};

}  // namespace sealos::encryption
