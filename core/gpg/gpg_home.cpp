// The module: Gpg, by GPGME.
#include <fmt/format.h>
#include <gpgme.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "core/gpg/gpg_module.hpp"
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

class Home final : public Gpg {
 public:
  /// home: "": the user's; else a folder, which is removed with this object.
  explicit Home(const std::string& home) : folder_(home) {
    start_library();
    check(gpgme_new(&context_), "starting GnuPG");
    check(gpgme_ctx_set_engine_info(context_, GPGME_PROTOCOL_OpenPGP, nullptr,
                                    home.empty() ? nullptr : home.c_str()),
          "starting GnuPG");
    gpgme_set_armor(context_, 0);
    gpgme_set_textmode(context_, 0);
    gpgme_set_offline(context_, 1);
  }
  ~Home() override {
    gpgme_release(context_);
    if (folder_.empty()) return;
    stop_agent();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::vector<std::string> import(std::string_view keys) override;
  std::vector<KeyName> find(const std::string& wanted, bool secret) override;
  std::string encrypt(std::string_view plain,
                      const std::vector<std::string>& fingerprints) override;
  std::optional<std::string> decrypt(std::string_view message, const TellPassphrase& tell) override;
  std::string sign(std::string_view payload, const std::string& fingerprint,
                   const TellPassphrase& tell) override;
  bool check_signer(const std::string& fingerprint) override;
  Verified verify(std::string_view message) override;

 private:
  void use_passphrase(const TellPassphrase& tell) {
    if (tell) {
      gpgme_set_pinentry_mode(context_, GPGME_PINENTRY_MODE_LOOPBACK);
      gpgme_set_passphrase_cb(context_, &answer, const_cast<TellPassphrase*>(&tell));
    } else {
      gpgme_set_pinentry_mode(
          context_, folder_.empty() ? GPGME_PINENTRY_MODE_DEFAULT : GPGME_PINENTRY_MODE_CANCEL);
      gpgme_set_passphrase_cb(context_, nullptr, nullptr);
    }
  }

  Key key_of(const std::string& fingerprint, bool secret) {
    gpgme_key_t found = nullptr;
    check(gpgme_get_key(context_, fingerprint.c_str(), &found, secret ? 1 : 0),
          "looking for key " + printable(fingerprint));
    return {found, &gpgme_key_unref};
  }

  void stop_agent() const {
    const std::string socket = folder_ + "/S.gpg-agent";
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

  gpgme_ctx_t context_ = nullptr;
  const std::string folder_;
};

std::unique_ptr<Gpg> of_user() { return std::make_unique<Home>(""); }

std::unique_ptr<Gpg> temporary(const std::string& temp_dir) {
  // The socket of its agent lies inside, and a socket's path has at most 107 characters.
  std::string folder = (temp_dir.size() > 60 ? "/tmp" : temp_dir) + "/sealos-gpg-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw errno_error(errno, "making " + folder);
  try {
    return std::make_unique<Home>(folder);
  } catch (...) {
    ::rmdir(folder.c_str());
    throw;
  }
}

std::vector<std::string> Home::import(std::string_view keys) {
  const Data data(keys);
  use_passphrase({});
  check(gpgme_op_import(context_, data.get()), "importing OpenPGP keys");
  std::vector<std::string> fingerprints;
  const gpgme_import_result_t result = gpgme_op_import_result(context_);
  for (gpgme_import_status_t one = result->imports; one != nullptr; one = one->next) {
    if (gpgme_err_code(one->result) != GPG_ERR_NO_ERROR || one->fpr == nullptr) continue;
    if (std::find(fingerprints.begin(), fingerprints.end(), one->fpr) == fingerprints.end()) {
      fingerprints.emplace_back(one->fpr);
    }
  }
  return fingerprints;
}

std::vector<KeyName> Home::find(const std::string& wanted, bool secret) {
  std::vector<KeyName> found;
  check(gpgme_op_keylist_start(context_, nullptr, secret ? 1 : 0), "listing OpenPGP keys");
  gpgme_key_t raw = nullptr;
  while (gpgme_op_keylist_next(context_, &raw) == GPG_ERR_NO_ERROR) {
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
  gpgme_op_keylist_end(context_);
  return found;
}

std::string Home::encrypt(std::string_view plain, const std::vector<std::string>& fingerprints) {
  std::vector<Key> keys;
  for (const std::string& fingerprint : fingerprints) keys.push_back(key_of(fingerprint, false));
  std::vector<gpgme_key_t> list;
  for (const Key& key : keys) list.push_back(key.get());
  list.push_back(nullptr);
  const Data in(plain);
  Data out;
  const auto flags = static_cast<gpgme_encrypt_flags_t>(
      GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_COMPRESS | GPGME_ENCRYPT_NO_ENCRYPT_TO);
  check(gpgme_op_encrypt(context_, list.data(), flags, in.get(), out.get()),
        "encrypting with OpenPGP");
  return out.text();
}

std::optional<std::string> Home::decrypt(std::string_view message, const TellPassphrase& tell) {
  const Data in(message);
  Data out;
  use_passphrase(tell);
  const gpgme_error_t error = gpgme_op_decrypt(context_, in.get(), out.get());
  const gpgme_err_code_t code = gpgme_err_code(error);
  if (code == GPG_ERR_NO_SECKEY || code == GPG_ERR_DECRYPT_FAILED) return std::nullopt;
  check(error, "decrypting with OpenPGP");
  return out.text();
}

bool Home::check_signer(const std::string& fingerprint) {
  const Key key = key_of(fingerprint, true);
  if (key->revoked != 0) throw Error(Status::invalid, "key " + fingerprint + " is revoked");
  if (key->expired != 0) throw Error(Status::invalid, "key " + fingerprint + " has expired");
  if (key->can_sign == 0) throw Error(Status::invalid, "key " + fingerprint + " cannot sign");
  return primary_signs(*key);
}

std::string Home::sign(std::string_view payload, const std::string& fingerprint,
                       const TellPassphrase& tell) {
  const Key key = key_of(fingerprint, true);
  // GnuPG takes the newest subkey that signs, unless the name of the key ends in "!"; GPGME hands
  // on what stands here.
  std::string primary = fingerprint + "!";
  if (primary_signs(*key)) key->subkeys->keyid = primary.data();
  gpgme_signers_clear(context_);
  check(gpgme_signers_add(context_, key.get()), "choosing key " + printable(fingerprint));
  const Data in(payload);
  Data out;
  use_passphrase(tell);
  const gpgme_error_t error = gpgme_op_sign(context_, in.get(), out.get(), GPGME_SIG_MODE_NORMAL);
  gpgme_signers_clear(context_);  // which has the key, and with it `primary`
  check(error, "signing with key " + printable(fingerprint));
  return out.text();
}

Verified Home::verify(std::string_view message) {
  const Data in(message);
  Data out;
  check(gpgme_op_verify(context_, in.get(), nullptr, out.get()), "reading an OpenPGP signature");
  Verified verified{out.text(), {}};
  const gpgme_verify_result_t result = gpgme_op_verify_result(context_);
  for (gpgme_signature_t one = result->signatures; one != nullptr; one = one->next) {
    Verified::Signer signer{one->fpr == nullptr ? "" : one->fpr, problem_of(one)};
    signer.made_by = signer.fingerprint;
    if (signer.problem.empty()) {
      const Key key = key_of(signer.fingerprint, false);
      signer.fingerprint = key->fpr;
    }
    verified.signers.push_back(std::move(signer));
  }
  return verified;
}

}  // namespace
}  // namespace sealos::gpg

extern "C" [[gnu::visibility("default")]] const sealos::gpg::GpgModule sealos_module = {
    &sealos::gpg::of_user, &sealos::gpg::temporary};
