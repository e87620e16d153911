#include "core/encryption/crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "core/config/secret.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos::encryption {
namespace {

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

constexpr size_t kTagSize = 16;

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

void require(bool ok, const char* what) {
  if (!ok) throw Error(Status::internal, std::string("OpenSSL failed: ") + what);
}

CipherContext new_context() {
  CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  require(context != nullptr, "a cipher context");
  return context;
}

/// nullptr for a key of another length.
const EVP_CIPHER* gcm(size_t key) {
  return key == 16   ? EVP_aes_128_gcm()
         : key == 24 ? EVP_aes_192_gcm()
         : key == 32 ? EVP_aes_256_gcm()
                     : nullptr;
}
const EVP_CIPHER* cbc(size_t key) {
  return key == 16   ? EVP_aes_128_cbc()
         : key == 24 ? EVP_aes_192_cbc()
         : key == 32 ? EVP_aes_256_cbc()
                     : nullptr;
}
const EVP_CIPHER* key_wrap(size_t key) {
  return key == 16   ? EVP_aes_128_wrap()
         : key == 24 ? EVP_aes_192_wrap()
         : key == 32 ? EVP_aes_256_wrap()
                     : nullptr;
}

std::string big_endian(std::uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i));
  return text;
}

bool set_padding(EVP_PKEY_CTX* context, RsaPadding padding) {
  if (padding == RsaPadding::pkcs1) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  }
  const EVP_MD* hash = padding == RsaPadding::oaep_sha1 ? EVP_sha1() : EVP_sha256();
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, hash) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) > 0;
}

}  // namespace

std::string random_bytes(size_t count) {
  std::string bytes(count, 0);
  require(RAND_priv_bytes(out(bytes), static_cast<int>(count)) == 1, "random bytes");
  return bytes;
}

Sealed gcm_seal(std::string_view key, std::string_view plain, std::string_view associated) {
  Sealed sealed{random_bytes(12), std::string(plain.size(), 0), std::string(kTagSize, 0)};
  const CipherContext context = new_context();
  int n = 0;
  require(
      gcm(key.size()) != nullptr &&
          EVP_EncryptInit_ex(context.get(), gcm(key.size()), nullptr, in(key), in(sealed.nonce)) ==
              1 &&
          EVP_EncryptUpdate(context.get(), nullptr, &n, in(associated),
                            static_cast<int>(associated.size())) == 1 &&
          EVP_EncryptUpdate(context.get(), out(sealed.ciphertext), &n, in(plain),
                            static_cast<int>(plain.size())) == 1 &&
          EVP_EncryptFinal_ex(context.get(), out(sealed.ciphertext) + n, &n) == 1 &&
          EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, out(sealed.tag)) == 1,
      "AES-GCM");
  return sealed;
}

std::optional<std::string> gcm_open(std::string_view key, const Sealed& sealed,
                                    std::string_view associated) {
  if (gcm(key.size()) == nullptr || sealed.nonce.empty() || sealed.tag.size() != kTagSize) {
    return std::nullopt;
  }
  std::string plain(sealed.ciphertext.size(), 0), tag = sealed.tag;
  const CipherContext context = new_context();
  int n = 0;
  const bool ok =
      EVP_DecryptInit_ex(context.get(), gcm(key.size()), nullptr, nullptr, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_IVLEN,
                          static_cast<int>(sealed.nonce.size()), nullptr) == 1 &&
      EVP_DecryptInit_ex(context.get(), nullptr, nullptr, in(key), in(sealed.nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &n, in(associated),
                        static_cast<int>(associated.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), out(plain), &n, in(sealed.ciphertext),
                        static_cast<int>(sealed.ciphertext.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, out(tag)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), out(plain) + n, &n) == 1;
  if (ok) return plain;
  config::wipe(plain);
  return std::nullopt;
}

std::optional<std::string> cbc_hmac_open(std::string_view key, const Sealed& sealed,
                                         std::string_view associated) {
  const size_t half = key.size() / 2;
  const EVP_MD* hash = half == 16 ? EVP_sha256() : half == 24 ? EVP_sha384() : EVP_sha512();
  if (key.size() % 2 != 0 || cbc(half) == nullptr || sealed.nonce.size() != 16 ||
      sealed.tag.size() != half) {
    return std::nullopt;
  }
  const std::string signed_text = std::string(associated) + sealed.nonce + sealed.ciphertext +
                                  big_endian(associated.size() * 8, 8);
  std::string mac(EVP_MAX_MD_SIZE, 0);
  unsigned length = 0;
  require(HMAC(hash, key.data(), static_cast<int>(half), in(signed_text), signed_text.size(),
               out(mac), &length) != nullptr,
          "HMAC");
  if (CRYPTO_memcmp(mac.data(), sealed.tag.data(), half) != 0) return std::nullopt;
  std::string plain(sealed.ciphertext.size() + 16, 0);
  const CipherContext context = new_context();
  int n = 0, last = 0;
  if (EVP_DecryptInit_ex(context.get(), cbc(half), nullptr, in(key.substr(half)),
                         in(sealed.nonce)) != 1 ||
      EVP_DecryptUpdate(context.get(), out(plain), &n, in(sealed.ciphertext),
                        static_cast<int>(sealed.ciphertext.size())) != 1 ||
      EVP_DecryptFinal_ex(context.get(), out(plain) + n, &last) != 1) {
    config::wipe(plain);
    return std::nullopt;
  }
  plain.resize(static_cast<size_t>(n + last));
  return plain;
}

std::string wrap_key(std::string_view kek, std::string_view key) {
  std::string wrapped(key.size() + 16, 0);
  const CipherContext context = new_context();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  int n = 0;
  require(
      key_wrap(kek.size()) != nullptr &&
          EVP_EncryptInit_ex(context.get(), key_wrap(kek.size()), nullptr, in(kek), nullptr) == 1 &&
          EVP_EncryptUpdate(context.get(), out(wrapped), &n, in(key),
                            static_cast<int>(key.size())) == 1,
      "AES key wrap");
  wrapped.resize(static_cast<size_t>(n));
  return wrapped;
}

std::optional<std::string> unwrap_key(std::string_view kek, std::string_view wrapped) {
  if (key_wrap(kek.size()) == nullptr || wrapped.size() < 24 || wrapped.size() % 8 != 0) {
    return std::nullopt;
  }
  std::string key(wrapped.size() + 8, 0);
  const CipherContext context = new_context();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  int n = 0;
  if (EVP_DecryptInit_ex(context.get(), key_wrap(kek.size()), nullptr, in(kek), nullptr) != 1 ||
      EVP_DecryptUpdate(context.get(), out(key), &n, in(wrapped),
                        static_cast<int>(wrapped.size())) != 1) {
    return std::nullopt;
  }
  key.resize(static_cast<size_t>(n));
  return key;
}

std::string rsa_encrypt(const Pkey& key, RsaPadding padding, std::string_view plain) {
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr), &EVP_PKEY_CTX_free);
  size_t size = 0;
  require(context && EVP_PKEY_encrypt_init(context.get()) > 0 &&
              set_padding(context.get(), padding) &&
              EVP_PKEY_encrypt(context.get(), nullptr, &size, in(plain), plain.size()) > 0,
          "RSA");
  std::string ciphertext(size, 0);
  require(EVP_PKEY_encrypt(context.get(), out(ciphertext), &size, in(plain), plain.size()) > 0,
          "RSA encryption");
  ciphertext.resize(size);
  return ciphertext;
}

std::optional<std::string> rsa_decrypt(const Pkey& key, RsaPadding padding,
                                       std::string_view ciphertext) {
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr), &EVP_PKEY_CTX_free);
  size_t size = 0;
  if (!context || EVP_PKEY_decrypt_init(context.get()) <= 0 ||
      !set_padding(context.get(), padding) ||
      EVP_PKEY_decrypt(context.get(), nullptr, &size, in(ciphertext), ciphertext.size()) <= 0) {
    return std::nullopt;
  }
  std::string plain(size, 0);
  if (EVP_PKEY_decrypt(context.get(), out(plain), &size, in(ciphertext), ciphertext.size()) <= 0) {
    return std::nullopt;
  }
  plain.resize(size);
  return plain;
}

std::optional<std::string> ecdh(const Pkey& mine, const Pkey& theirs) {
  const KeyContext context(EVP_PKEY_CTX_new(mine.get(), nullptr), &EVP_PKEY_CTX_free);
  size_t size = 0;
  if (!context || EVP_PKEY_derive_init(context.get()) <= 0 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) <= 0 ||
      EVP_PKEY_derive(context.get(), nullptr, &size) <= 0) {
    return std::nullopt;
  }
  std::string shared(size, 0);
  if (EVP_PKEY_derive(context.get(), out(shared), &size) <= 0) return std::nullopt;
  shared.resize(size);
  return shared;
}

std::string concat_kdf(std::string_view shared, std::string_view algorithm, std::string_view apu,
                       std::string_view apv, unsigned bits) {
  const auto counted = [](std::string_view text) {
    return big_endian(text.size(), 4) + std::string(text);
  };
  std::string info = counted(algorithm) + counted(apu) + counted(apv) + big_endian(bits, 4);
  std::string secret(shared);
  const config::WipeAtEnd wiped(secret);
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_SSKDF, nullptr), &EVP_KDF_free);
  require(kdf != nullptr, "SSKDF");
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      EVP_KDF_CTX_new(kdf.get()), &EVP_KDF_CTX_free);
  char hash[] = "SHA256";
  const OSSL_PARAM settings[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  std::string key(bits / 8, 0);
  require(context && EVP_KDF_derive(context.get(), out(key), key.size(), settings) > 0, "SSKDF");
  return key;
}

}  // namespace sealos::encryption
