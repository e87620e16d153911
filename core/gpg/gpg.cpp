#include "core/gpg/gpg.hpp"

#include <fmt/format.h>
#include <gpgme.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "support/file/file.hpp"

namespace sealos::gpg {
namespace {

constexpr size_t kMostOutput = 4 << 20;

void check(gpgme_error_t error, const std::string& doing) {
  if (gpgme_err_code(error) == GPG_ERR_NO_ERROR) return;
  Status status = Status::invalid;
  switch (gpgme_err_code(error)) {
    case GPG_ERR_BAD_PASSPHRASE:
    case GPG_ERR_NO_PASSPHRASE:
    case GPG_ERR_PIN_ENTRY:
      status = Status::unauthenticated;
      break;
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
      status = Status::cancelled;
      break;
    case GPG_ERR_INV_ENGINE:
    case GPG_ERR_NOT_SUPPORTED:
      status = Status::unsupported;
      break;
    case GPG_ERR_NO_SECKEY:
    case GPG_ERR_UNUSABLE_SECKEY:
    case GPG_ERR_UNUSABLE_PUBKEY:
    case GPG_ERR_NO_PUBKEY:
      status = Status::not_found;
      break;
    default:
      break;
  }
  throw Error(status, fmt::format("{}: {}", doing, gpgme_strerror(error)));
}

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpgme_check_version(nullptr);
    check(gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP), "looking for the program gpg");
  });
}

/// GPGME's buffers.
class Data {
 public:
  Data() { check(gpgme_data_new(&data_), "making a buffer"); }
  explicit Data(std::string_view bytes) {
    check(gpgme_data_new_from_mem(&data_, bytes.data(), bytes.size(), 0), "making a buffer");
  }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  ~Data() { gpgme_data_release(data_); }
  gpgme_data_t get() const { return data_; }

  std::string text() {
    gpgme_data_seek(data_, 0, SEEK_SET);
    std::string all;
    char part[4096];
    ssize_t n = 0;
    while ((n = gpgme_data_read(data_, part, sizeof part)) > 0) {
      all.append(part, static_cast<size_t>(n));
      if (all.size() > kMostOutput) throw Error(Status::invalid, "an OpenPGP message is too large");
    }
    return all;
  }

 private:
  gpgme_data_t data_ = nullptr;
};

using Key = std::unique_ptr<_gpgme_key, decltype(&gpgme_key_unref)>;

gpgme_error_t answer(void* hook, const char*, const char*, int previous_was_bad, int fd) {
  if (previous_was_bad != 0) return gpgme_error(GPG_ERR_BAD_PASSPHRASE);
  std::string text = (*static_cast<const TellPassphrase*>(hook))() + "\n";
  const ssize_t written = gpgme_io_writen(fd, text.data(), text.size());
  explicit_bzero(text.data(), text.size());
  return written == 0 ? 0 : gpgme_error_from_errno(errno);
}

bool same_user(const gpgme_user_id_t id, const std::string& wanted) {
  for (const char* text : {id->uid, id->name, id->email, id->address}) {
    if (text != nullptr && wanted == text) return true;
  }
  return false;
}

bool same_fingerprint(const char* fingerprint, const std::string& wanted) {
  return fingerprint != nullptr && wanted.size() >= 40 &&
         ::strcasecmp(fingerprint, wanted.c_str()) == 0;
}

/// Why a signature does not count; "": it does.
std::string problem_of(const gpgme_signature_t signature) {
  if (gpgme_err_code(signature->status) != GPG_ERR_NO_ERROR) {
    return gpgme_strerror(signature->status);
  }
  if (signature->validity == GPGME_VALIDITY_NEVER) return "the key is not trusted";
  if (gpgme_err_code(signature->validity_reason) != GPG_ERR_NO_ERROR) {
    return gpgme_strerror(signature->validity_reason);
  }
  if (signature->wrong_key_usage != 0) return "the key is not meant for signing";
  return "";
}

bool primary_signs(const _gpgme_key& key) {
  const gpgme_subkey_t primary = key.subkeys;
  return primary != nullptr && primary->can_sign != 0 && primary->secret != 0 &&
         primary->revoked == 0 && primary->expired == 0 && primary->disabled == 0;
}

}  // namespace

struct Gpg::Impl {
  gpgme_ctx_t context = nullptr;
  std::string folder;  ///< to be removed; "": the user's

  explicit Impl(const std::string& home) {
    start_library();
    check(gpgme_new(&context), "starting GnuPG");
    check(gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_OpenPGP, nullptr,
                                    home.empty() ? nullptr : home.c_str()),
          "starting GnuPG");
    gpgme_set_armor(context, 0);
    gpgme_set_textmode(context, 0);
    gpgme_set_offline(context, 1);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    gpgme_release(context);
    if (folder.empty()) return;
    stop_agent();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  void use_passphrase(const TellPassphrase& tell) {
    if (tell) {
      gpgme_set_pinentry_mode(context, GPGME_PINENTRY_MODE_LOOPBACK);
      gpgme_set_passphrase_cb(context, &answer, const_cast<TellPassphrase*>(&tell));
    } else {
      gpgme_set_pinentry_mode(
          context, folder.empty() ? GPGME_PINENTRY_MODE_DEFAULT : GPGME_PINENTRY_MODE_CANCEL);
      gpgme_set_passphrase_cb(context, nullptr, nullptr);
    }
  }

  Key key(const std::string& fingerprint, bool secret) {
    gpgme_key_t found = nullptr;
    check(gpgme_get_key(context, fingerprint.c_str(), &found, secret ? 1 : 0),
          "looking for key " + printable(fingerprint));
    return {found, &gpgme_key_unref};
  }

 private:
  void stop_agent() const {
    const std::string socket = folder + "/S.gpg-agent";
    gpgme_ctx_t agent = nullptr;
    if (::access(socket.c_str(), F_OK) != 0 || gpgme_new(&agent) != 0) return;
    if (gpgme_set_protocol(agent, GPGME_PROTOCOL_ASSUAN) == 0 &&
        gpgme_ctx_set_engine_info(agent, GPGME_PROTOCOL_ASSUAN, socket.c_str(), nullptr) == 0) {
      gpgme_error_t ignored = 0;
      gpgme_op_assuan_transact_ext(agent, "KILLAGENT", nullptr, nullptr, nullptr, nullptr, nullptr,
                                   nullptr, &ignored);
    }
    gpgme_release(agent);
  }
};

Gpg::Gpg(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gpg::Gpg(Gpg&&) noexcept = default;
Gpg& Gpg::operator=(Gpg&&) noexcept = default;
Gpg::~Gpg() = default;

Gpg Gpg::of_user() { return Gpg(std::make_unique<Impl>("")); }

Gpg Gpg::temporary(const std::string& temp_dir) {
  // The socket of its agent lies inside, and a socket's path has at most 107 characters.
  std::string folder = (temp_dir.size() > 60 ? "/tmp" : temp_dir) + "/sealos-gpg-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw errno_error(errno, "making " + folder);
  try {
    auto impl = std::make_unique<Impl>(folder);
    impl->folder = folder;
    return Gpg(std::move(impl));
  } catch (...) {
    ::rmdir(folder.c_str());
    throw;
  }
}

std::vector<std::string> Gpg::import(std::string_view keys) {
  const Data data(keys);
  impl_->use_passphrase({});
  check(gpgme_op_import(impl_->context, data.get()), "importing OpenPGP keys");
  std::vector<std::string> fingerprints;
  const gpgme_import_result_t result = gpgme_op_import_result(impl_->context);
  for (gpgme_import_status_t one = result->imports; one != nullptr; one = one->next) {
    if (gpgme_err_code(one->result) != GPG_ERR_NO_ERROR || one->fpr == nullptr) continue;
    if (std::find(fingerprints.begin(), fingerprints.end(), one->fpr) == fingerprints.end()) {
      fingerprints.emplace_back(one->fpr);
    }
  }
  return fingerprints;
}

std::vector<KeyName> Gpg::find(const std::string& wanted, bool secret) {
  std::vector<KeyName> found;
  check(gpgme_op_keylist_start(impl_->context, nullptr, secret ? 1 : 0), "listing OpenPGP keys");
  gpgme_key_t raw = nullptr;
  while (gpgme_op_keylist_next(impl_->context, &raw) == GPG_ERR_NO_ERROR) {
    const Key key(raw, &gpgme_key_unref);
    bool matches = same_fingerprint(key->fpr, wanted);
    KeyName name{key->fpr == nullptr ? "" : key->fpr, {}};
    for (gpgme_user_id_t id = key->uids; id != nullptr; id = id->next) {
      matches = matches || same_user(id, wanted);
      name.user_ids.emplace_back(id->uid == nullptr ? "" : id->uid);
    }
    if (matches && key->revoked == 0 && key->expired == 0 && key->disabled == 0) {
      found.push_back(std::move(name));
    }
  }
  gpgme_op_keylist_end(impl_->context);
  return found;
}

std::string Gpg::encrypt(std::string_view plain, const std::vector<std::string>& fingerprints) {
  std::vector<Key> keys;
  for (const std::string& fingerprint : fingerprints)
    keys.push_back(impl_->key(fingerprint, false));
  std::vector<gpgme_key_t> list;
  for (const Key& key : keys) list.push_back(key.get());
  list.push_back(nullptr);
  const Data in(plain);
  Data out;
  const auto flags = static_cast<gpgme_encrypt_flags_t>(
      GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_COMPRESS | GPGME_ENCRYPT_NO_ENCRYPT_TO);
  check(gpgme_op_encrypt(impl_->context, list.data(), flags, in.get(), out.get()),
        "encrypting with OpenPGP");
  return out.text();
}

std::optional<std::string> Gpg::decrypt(std::string_view message, const TellPassphrase& tell) {
  const Data in(message);
  Data out;
  impl_->use_passphrase(tell);
  const gpgme_error_t error = gpgme_op_decrypt(impl_->context, in.get(), out.get());
  const gpgme_err_code_t code = gpgme_err_code(error);
  if (code == GPG_ERR_NO_SECKEY || code == GPG_ERR_DECRYPT_FAILED) return std::nullopt;
  check(error, "decrypting with OpenPGP");
  return out.text();
}

bool Gpg::check_signer(const std::string& fingerprint) {
  const Key key = impl_->key(fingerprint, true);
  if (key->revoked != 0) throw Error(Status::invalid, "key " + fingerprint + " is revoked");
  if (key->expired != 0) throw Error(Status::invalid, "key " + fingerprint + " has expired");
  if (key->can_sign == 0) throw Error(Status::invalid, "key " + fingerprint + " cannot sign");
  return primary_signs(*key);
}

std::string Gpg::sign(std::string_view payload, const std::string& fingerprint,
                      const TellPassphrase& tell) {
  const Key key = impl_->key(fingerprint, true);
  // GnuPG takes the newest subkey that signs, unless the name of the key ends in "!"; GPGME hands
  // on what stands here.
  std::string primary = fingerprint + "!";
  if (primary_signs(*key)) key->subkeys->keyid = primary.data();
  gpgme_signers_clear(impl_->context);
  check(gpgme_signers_add(impl_->context, key.get()), "choosing key " + printable(fingerprint));
  const Data in(payload);
  Data out;
  impl_->use_passphrase(tell);
  const gpgme_error_t error =
      gpgme_op_sign(impl_->context, in.get(), out.get(), GPGME_SIG_MODE_NORMAL);
  gpgme_signers_clear(impl_->context);  // which has the key, and with it `primary`
  check(error, "signing with key " + printable(fingerprint));
  return out.text();
}

Verified Gpg::verify(std::string_view message) {
  const Data in(message);
  Data out;
  check(gpgme_op_verify(impl_->context, in.get(), nullptr, out.get()),
        "reading an OpenPGP signature");
  Verified verified{out.text(), {}};
  const gpgme_verify_result_t result = gpgme_op_verify_result(impl_->context);
  for (gpgme_signature_t one = result->signatures; one != nullptr; one = one->next) {
    Verified::Signer signer{one->fpr == nullptr ? "" : one->fpr, problem_of(one)};
    signer.made_by = signer.fingerprint;
    if (signer.problem.empty()) {
      const Key key = impl_->key(signer.fingerprint, false);
      signer.fingerprint = key->fpr;
    }
    verified.signers.push_back(std::move(signer));
  }
  return verified;
}

}  // namespace sealos::gpg
