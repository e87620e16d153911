#include <sodium.h>

#include "core/signing/secretbox_module.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos::signing {
namespace {

static_assert(SecretboxModule::kKey == crypto_secretbox_KEYBYTES);
static_assert(SecretboxModule::kNonce == crypto_secretbox_NONCEBYTES);
static_assert(SecretboxModule::kMac == crypto_secretbox_MACBYTES);

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::optional<std::string> open(std::string_view ciphertext, std::string_view nonce,
                                std::string_view key) {
  if (sodium_init() < 0) throw Error(Status::internal, "libsodium cannot be used");
  std::string plain(ciphertext.size() - SecretboxModule::kMac, '\0');
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(plain.data()), raw(ciphertext),
                                 ciphertext.size(), raw(nonce), raw(key)) != 0)
    return std::nullopt;
  return plain;
}

}  // namespace
}  // namespace sealos::signing

extern "C" [[gnu::visibility("default")]] const sealos::signing::SecretboxModule sealos_module = {
    &sealos::signing::open};
