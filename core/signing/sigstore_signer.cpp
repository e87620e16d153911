#include <fmt/format.h>

#include <chrono>

#include "core/config/secret.hpp"
#include "core/signing/payload.hpp"
#include "core/signing/signer.hpp"
#include "core/signing/sigstore.hpp"
#include "core/signing/sigstore_key.hpp"

namespace sealos::signing {
namespace {

PrivateKey open_key(const std::string& file, const TellPassphrase& tell) {
  const SigstoreKeyFile key_file = SigstoreKeyFile::parse(file);
  if (auto key = key_file.open("")) return *std::move(key);
  if (!tell) throw Error(Status::unauthenticated, "it takes a passphrase");
  std::string passphrase = tell();
  const config::WipeAtEnd wiped(passphrase);
  if (auto key = key_file.open(passphrase)) return *std::move(key);
  throw Error(Status::unauthenticated, "the passphrase is wrong");
}

class SigstoreSigner final : public Signer {
 public:
  SigstoreSigner(PrivateKey key, std::string name, std::string creator)
      : key_(std::move(key)), name_(std::move(name)), creator_(std::move(creator)) {}

  std::string format() const override { return "sigstore-json"; }
  std::string name() const override { return name_; }
  Item sign(const Payload& payload) override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    SigstoreSignature made;
    made.payload =
        make_payload_of_type(payload, kSigstoreType, creator_,
                             std::chrono::duration_cast<std::chrono::seconds>(now).count());
    made.signature = sign_with(*key_, made.payload);
    return {format(), made.json()};
  }

 private:
  const PrivateKey key_;
  const std::string name_, creator_;
};

}  // namespace

std::unique_ptr<Signer> sigstore_signer(const std::string& file, const std::string& name,
                                        const TellPassphrase& tell, const std::string& creator) {
  try {
    return std::make_unique<SigstoreSigner>(open_key(file, tell), "key " + name, creator);
  } catch (Error& e) {
    throw e.add_context("sigstore private key " + printable(name));
  }
}

}  // namespace sealos::signing
