#include "core/encryption/pgp_key.hpp"

#include "core/config/secret.hpp"

namespace sealos::encryption {

PgpKey::PgpKey(std::string name, std::string bytes, std::optional<std::string> passphrase,
               std::string temp_dir, AskPassphrase ask)
    : name_(std::move(name)),
      temp_dir_(std::move(temp_dir)),
      ask_(std::move(ask)),
      bytes_(std::move(bytes)),
      passphrase_(std::move(passphrase)) {}

PgpKey::~PgpKey() {
  config::wipe(bytes_);
  config::wipe(passphrase_);
}

std::optional<std::string> PgpKey::decrypt(std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (!home_) {
    auto home = gpg::Gpg::temporary(temp_dir_);
    home->import(bytes_);
    home_ = std::move(home);
    config::wipe(bytes_);
  }
  gpg::TellPassphrase tell;
  if (passphrase_ || ask_) {
    tell = [this] {
      if (!passphrase_) passphrase_ = ask_(name_);
      return *passphrase_;
    };
  }
  return home_->decrypt(message, tell);
}

}  // namespace sealos::encryption
