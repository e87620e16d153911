#include "core/encryption/key_file.hpp"

#include <fmt/format.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/config/secret.hpp"
#include "core/encryption/jwk.hpp"
#include "sealos/sdk/error.hpp"

namespace sealos::encryption {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio memory(std::string_view bytes) {
  return {BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), &BIO_free};
}

/// What the decoder asked for, and what it was told.
struct Passphrase {
  const std::string& name;
  const std::optional<std::string>& given;
  const AskPassphrase& ask;
  bool asked = false;
  std::string answer;
};

int tell_passphrase(char* into, size_t room, size_t* length, const OSSL_PARAM*, void* context) {
  auto& passphrase = *static_cast<Passphrase*>(context);
  if (!passphrase.asked) {
    passphrase.asked = true;
    if (passphrase.given) {
      passphrase.answer = *passphrase.given;
    } else if (passphrase.ask) {
      passphrase.answer = passphrase.ask(passphrase.name);
    }
  }
  if (passphrase.answer.size() > room) return 0;
  passphrase.answer.copy(into, room);
  *length = passphrase.answer.size();
  return 1;
}

/// nullptr: no key of that structure.
Pkey decode(std::string_view file, const char* structure, int selection, Passphrase* passphrase) {
  EVP_PKEY* key = nullptr;
  const std::unique_ptr<OSSL_DECODER_CTX, decltype(&OSSL_DECODER_CTX_free)> context(
      OSSL_DECODER_CTX_new_for_pkey(&key, nullptr, structure, nullptr, selection, nullptr, nullptr),
      &OSSL_DECODER_CTX_free);
  if (!context) throw Error(Status::internal, "OpenSSL failed: a decoder");
  if (passphrase != nullptr) {
    OSSL_DECODER_CTX_set_passphrase_cb(context.get(), tell_passphrase, passphrase);
  }
  const Bio bytes = memory(file);
  const int decoded = OSSL_DECODER_from_bio(context.get(), bytes.get());
  ERR_clear_error();
  if (decoded != 1) {
    EVP_PKEY_free(key);
    return nullptr;
  }
  return own(key);
}

/// The wrap that the peers choose for a key, or a wrong kind of key refused.
std::string usual_algorithm(const Pkey& key) {
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) return "RSA-OAEP";
  if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
    ec_point(key);
    return "ECDH-ES+A256KW";
  }
  throw Error(Status::unsupported, "only RSA keys and EC keys can be used");
}

void check_algorithm(const PublicKey& key) {
  const bool rsa = EVP_PKEY_is_a(key.key.get(), "RSA") == 1;
  for (const char* known : {"RSA-OAEP", "RSA-OAEP-256"}) {
    if (rsa && key.algorithm == known) return;
  }
  for (const char* known : {"ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"}) {
    if (!rsa && key.algorithm == known) return;
  }
  throw Error(Status::unsupported,
              fmt::format("its \"alg\" is \"{}\", which cannot be used with such a key",
                          printable(key.algorithm)));
}

}  // namespace

PublicKey read_public_key(std::string_view file, std::string_view name) {
  try {
    PublicKey key;
    if (auto jwk = read_public_jwk(file)) {
      key = *std::move(jwk);
    } else {
      key.key = decode(file, "SubjectPublicKeyInfo", EVP_PKEY_PUBLIC_KEY, nullptr);
      if (!key.key) throw Error(Status::invalid, "it is no public key in PEM, DER or as JWK");
    }
    const std::string usual = usual_algorithm(key.key);
    if (key.algorithm.empty()) key.algorithm = usual;
    check_algorithm(key);
    return key;
  } catch (Error& e) {
    throw e.add_context("public key " + printable(name));
  }
}

std::optional<Pkey> read_private_key(std::string_view file, const std::string& name,
                                     const std::optional<std::string>& passphrase,
                                     const AskPassphrase& ask) {
  try {
    if (auto jwk = read_private_jwk(file)) return jwk;
    Passphrase told{name, passphrase, ask, false, {}};
    const config::WipeAtEnd wiped(told.answer);
    if (Pkey key = decode(file, nullptr, EVP_PKEY_KEYPAIR, &told)) return key;
    if (told.asked) {
      throw Error(Status::unauthenticated, told.answer.empty()
                                               ? "it is encrypted, and no passphrase was given"
                                               : "the passphrase is wrong");
    }
    return std::nullopt;
  } catch (Error& e) {
    throw e.add_context("private key " + printable(name));
  }
}

Certificate read_certificate(std::string_view file) {
  const Bio pem = memory(file);
  X509* certificate = PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr);
  if (certificate == nullptr) {
    const auto* at = reinterpret_cast<const unsigned char*>(file.data());
    certificate = d2i_X509(nullptr, &at, static_cast<long>(file.size()));
  }
  ERR_clear_error();
  return {certificate, &X509_free};
}

}  // namespace sealos::encryption
