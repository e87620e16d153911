#include "support/http/testing/identity.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace sealos::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, http::FreeSsl>;
using Certificate = std::unique_ptr<X509, http::FreeSsl>;

std::string take(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string pem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  return take(bio);
}

std::string pem(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return take(bio);
}

Certificate read_certificate(const std::string& text) {
  BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return certificate;
}

Key read_key(const std::string& text) {
  BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  Key key(PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return key;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error("a test's certificate cannot be made");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

TestIdentity make(const std::string& name, const std::string& names, X509* issuer,
                  EVP_PKEY* issuer_key) {
  static std::atomic<long> serial = 1;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(),
                       X509_get_subject_name(issuer != nullptr ? issuer : certificate.get()));
  if (issuer == nullptr)
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (!names.empty()) add_extension(certificate.get(), NID_subject_alt_name, names);
  X509_sign(certificate.get(), issuer_key != nullptr ? issuer_key : key.get(), EVP_sha256());
  return {pem(certificate.get()), pem(key.get())};
}

}  // namespace

TestIdentity TestIdentity::authority(const std::string& name) {
  return make(name, "", nullptr, nullptr);
}

TestIdentity TestIdentity::issue(const std::string& name, const std::string& names) const {
  const Certificate issuer = read_certificate(certificate);
  const Key issuer_key = read_key(key);
  return make(name, names, issuer.get(), issuer_key.get());
}

std::unique_ptr<SSL_CTX, http::FreeSsl> server_context(const TestIdentity& identity,
                                                       const std::string& client_ca_pem) {
  std::unique_ptr<SSL_CTX, http::FreeSsl> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), read_certificate(identity.certificate).get());
  SSL_CTX_use_PrivateKey(context.get(), read_key(identity.key).get());
  if (!client_ca_pem.empty()) {
    const Certificate authority = read_certificate(client_ca_pem);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.get());
    SSL_CTX_add_client_CA(context.get(), authority.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace sealos::testing
