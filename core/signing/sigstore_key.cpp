#include "core/signing/sigstore_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/config/secret.hpp"
#include "core/module/module.hpp"
#include "core/signing/secretbox_module.hpp"
#include "support/json/json.hpp"

namespace sealos::signing {
namespace {

/// 128 * N * r bytes are needed: a file must not ask for all memory.
constexpr std::uint64_t kMostScryptMemory = 256 << 20;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// What stands in the first PEM block, if it is such a key.
std::string pem_content(std::string_view file) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
      BIO_new_mem_buf(file.data(), static_cast<int>(file.size())), &BIO_free);
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  const int found = PEM_read_bio(bytes.get(), &name, &header, &data, &size);
  ERR_clear_error();
  if (found != 1) throw Error(Status::invalid, "it is not PEM");
  const std::string type = name;
  std::string content(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  if (type != "ENCRYPTED SIGSTORE PRIVATE KEY" && type != "ENCRYPTED COSIGN PRIVATE KEY") {
    throw Error(Status::invalid,
                fmt::format("it has a \"{}\", not an \"ENCRYPTED SIGSTORE PRIVATE KEY\", which "
                            "cosign generate-key-pair makes",
                            printable(type)));
  }
  return content;
}

std::string bytes_at(const Json& json, const char* member, size_t size) {
  auto bytes = config::decode_base64(json.text_at(member));
  if (!bytes || (size != 0 && bytes->size() != size))
    throw Error(Status::invalid, fmt::format("its {} is not what it should be", member));
  return *std::move(bytes);
}

std::uint64_t number_at(const Json& json, const char* member) {
  const std::int64_t number = json.at(member).integer(member);
  if (number < 1 || number > (1 << 24))
    throw Error(Status::invalid,
                fmt::format("{} {} of its scrypt is out of range", member, number));
  return static_cast<std::uint64_t>(number);
}

void require_name(const Json& json, const char* wanted) {
  if (json.text_at("name") == wanted) return;
  throw Error(Status::unsupported, fmt::format("it is encrypted with {}, not with {}",
                                               printable(json.text_at("name")), wanted));
}

std::string scrypt(std::string_view passphrase, std::string_view salt, std::uint64_t n,
                   std::uint64_t r, std::uint64_t p) {
  std::string key(SecretboxModule::kKey, '\0');
  if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), raw(salt), salt.size(), n, r, p,
                     kMostScryptMemory + (1 << 20), raw(key), key.size()) != 1) {
    ERR_clear_error();
    throw Error(Status::invalid, "the parameters of its scrypt are wrong");
  }
  return key;
}

PrivateKey read_pkcs8(std::string_view der) {
  const unsigned char* at = raw(der);
  PKCS8_PRIV_KEY_INFO* info = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size()));
  PrivateKey key(info == nullptr ? nullptr : EVP_PKCS82PKEY(info), &EVP_PKEY_free);
  PKCS8_PRIV_KEY_INFO_free(info);
  ERR_clear_error();
  if (!key) throw Error(Status::invalid, "what is encrypted in it is no private key");
  for (const char* known : {"EC", "RSA", "ED25519"}) {
    if (EVP_PKEY_is_a(key.get(), known) == 1) return key;
  }
  throw Error(Status::unsupported, "only ECDSA, RSA and Ed25519 keys can be used");
}

}  // namespace

SigstoreKeyFile SigstoreKeyFile::parse(std::string_view file) {
  const Json json = Json::parse(pem_content(file));
  const Json &kdf = json.at("kdf"), &cipher = json.at("cipher");
  require_name(kdf, "scrypt");
  require_name(cipher, "nacl/secretbox");
  SigstoreKeyFile out;
  const Json& parameters = kdf.at("params");
  out.n_ = number_at(parameters, "N");
  out.r_ = number_at(parameters, "r");
  out.p_ = number_at(parameters, "p");
  if (128 * out.n_ * out.r_ > kMostScryptMemory || out.p_ > 16)
    throw Error(Status::invalid, "its scrypt would take too much memory or time");
  out.salt_ = bytes_at(kdf, "salt", 0);
  out.nonce_ = bytes_at(cipher, "nonce", SecretboxModule::kNonce);
  out.ciphertext_ = bytes_at(json, "ciphertext", 0);
  if (out.ciphertext_.size() < SecretboxModule::kMac)
    throw Error(Status::invalid, "its ciphertext is too short");
  return out;
}

std::optional<PrivateKey> SigstoreKeyFile::open(std::string_view passphrase) const {
  std::string key = scrypt(passphrase, salt_, n_, r_, p_);
  const config::WipeAtEnd wiped_key(key);
  std::optional<std::string> plain = module<SecretboxModule>().open(ciphertext_, nonce_, key);
  if (!plain) return std::nullopt;
  const config::WipeAtEnd wiped(*plain);
  return read_pkcs8(*plain);
}

std::string sign_with(EVP_PKEY& key, std::string_view bytes) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const EVP_MD* hash = EVP_PKEY_is_a(&key, "ED25519") == 1 ? nullptr : EVP_sha256();
  size_t size = 0;
  std::string signature;
  bool done = context && EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, &key) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, raw(bytes), bytes.size()) == 1;
  if (done) {
    signature.resize(size);
    done = EVP_DigestSign(context.get(), raw(signature), &size, raw(bytes), bytes.size()) == 1;
  }
  ERR_clear_error();
  if (!done) throw Error(Status::internal, "OpenSSL failed: signing");
  signature.resize(size);
  return signature;
}

}  // namespace sealos::signing
