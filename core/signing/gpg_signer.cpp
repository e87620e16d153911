#include <fmt/format.h>

#include <chrono>

#include "core/config/secret.hpp"
#include "core/gpg/gpg.hpp"
#include "core/signing/signer.hpp"

namespace sealos::signing {
namespace {

/// Signed to see whether the key can; nobody takes it for a signature of an image.
constexpr const char* kTrial = "sealos tries whether this key can sign\n";

std::string fingerprint_of(gpg::Gpg& home, const std::string& wanted) {
  const std::vector<gpg::KeyName> found = home.find(wanted, true);
  if (found.empty()) {
    throw Error(Status::not_found,
                fmt::format("GnuPG has no secret key {} that is valid; a key is named by its whole "
                            "fingerprint, or by exactly one of its user ids or addresses",
                            printable(wanted)));
  }
  if (found.size() == 1) return found[0].fingerprint;
  std::string all;
  for (const gpg::KeyName& key : found) all += (all.empty() ? "" : ", ") + key.fingerprint;
  throw Error(Status::invalid, fmt::format("{} is the name of {} keys, {}; use a fingerprint",
                                           printable(wanted), found.size(), all));
}

class GpgSigner final : public Signer {
 public:
  GpgSigner(const std::string& key, const TellPassphrase& tell, std::string creator,
            const Warn& warn)
      : home_(gpg::Gpg::of_user()),
        fingerprint_(fingerprint_of(*home_, key)),
        creator_(std::move(creator)) {
    const bool primary = home_->check_signer(fingerprint_);
    if (!primary && warn) {
      warn(
          fmt::format("key {} signs with a subkey: skopeo and podman of Debian 12, and others of "
                      "that age, do not take such signatures",
                      fingerprint_));
    }
    if (tell) passphrase_ = tell();
    tell_ = tell ? TellPassphrase([this] { return passphrase_; }) : TellPassphrase();
    home_->sign(kTrial, fingerprint_, tell_);
  }
  ~GpgSigner() override { config::wipe(passphrase_); }

  std::string format() const override { return "simple-signing"; }
  std::string name() const override { return "key " + fingerprint_; }
  Item sign(const Payload& payload) override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string text = make_payload(
        payload, creator_, std::chrono::duration_cast<std::chrono::seconds>(now).count());
    return {format(), home_->sign(text, fingerprint_, tell_)};
  }

 private:
  const std::unique_ptr<gpg::Gpg> home_;
  const std::string fingerprint_, creator_;
  std::string passphrase_;
  TellPassphrase tell_;
};

}  // namespace

std::unique_ptr<Signer> gpg_signer(const std::string& key, const TellPassphrase& tell,
                                   const std::string& creator, const Warn& warn) {
  try {
    return std::make_unique<GpgSigner>(key, tell, creator, warn);
  } catch (Error& e) {
    const bool no_passphrase = !tell && e.message().find("signing with key") != std::string::npos;
    throw no_passphrase ? Error(e.status(), e.message() +
                                                "; where nothing can ask for its passphrase, "
                                                "--sign-passphrase-file gives it")
                        : e;
  }
}

}  // namespace sealos::signing
