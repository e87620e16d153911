// Keys made on the spot, as the files that users have.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>

#include "core/encryption/key_file.hpp"

namespace sealos::encryption::testing {

inline Pkey make_rsa() { return own(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048})); }
inline Pkey make_ec(const char* curve) {
  return own(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
}

template <typename Write>
std::string pem(Write write) {
  BIO* out = BIO_new(BIO_s_mem());
  write(out);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  std::string text(bytes, static_cast<size_t>(size));
  BIO_free(out);
  return text;
}

inline std::string public_pem(const Pkey& key) {
  return pem([&](BIO* out) { PEM_write_bio_PUBKEY(out, key.get()); });
}
inline std::string private_pem(const Pkey& key) {
  return pem([&](BIO* out) {
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}
/// PKCS#8, encrypted.
inline std::string private_pem(const Pkey& key, const std::string& passphrase) {
  return pem([&](BIO* out) {
    PEM_write_bio_PKCS8PrivateKey(out, key.get(), EVP_aes_256_cbc(), passphrase.data(),
                                  static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
}

/// Signed by the key itself.
inline Certificate make_certificate(const Pkey& key, const std::string& name) {
  Certificate certificate(X509_new(), &X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 4711);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  return certificate;
}

inline std::string certificate_pem(const Certificate& certificate) {
  return pem([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
}

}  // namespace sealos::encryption::testing
