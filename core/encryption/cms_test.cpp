#include "core/encryption/cms.hpp"

#include <doctest/doctest.h>
#include <openssl/cms.h>

#include "core/encryption/testing/keys.hpp"
#include "sealos/sdk/error.hpp"

using namespace sealos;
using namespace sealos::encryption;
using namespace sealos::encryption::testing;

namespace {

/// As OpenSSL's own tool writes one.
std::string usual_cms(const Certificate& to, unsigned flags) {
  STACK_OF(X509)* list = sk_X509_new_null();
  sk_X509_push(list, to.get());
  BIO* in = BIO_new_mem_buf("secret", 6);
  CMS_ContentInfo* cms = CMS_encrypt(list, in, EVP_aes_256_cbc(), CMS_BINARY | flags);
  const std::string text =
      pem([&](BIO* out) { i2d_CMS_bio_stream(out, cms, in, static_cast<int>(flags)); });
  CMS_ContentInfo_free(cms);
  BIO_free(in);
  sk_X509_free(list);
  return text;
}

}  // namespace

TEST_CASE("a message for certificates is opened by each one's key, and by no other") {
  const Pkey first = make_rsa(), second = make_rsa(), other = make_rsa();
  const Certificate a = make_certificate(first, "a"), b = make_certificate(second, "b"),
                    c = make_certificate(other, "c");
  const std::string message = cms_encrypt("secret", {a, b});
  CHECK(cms_decrypt(message, {a}, {first}) == "secret");
  CHECK(cms_decrypt(message, {a, b}, {second}) == "secret");
  CHECK_FALSE(cms_decrypt(message, {c}, {other}));
  CHECK_FALSE(cms_decrypt(message, {}, {first}));
  CHECK_FALSE(cms_decrypt(message, {a}, {second}));
}

TEST_CASE("messages with AES-CBC as OpenSSL writes them are opened, definite and streamed") {
  const Pkey key = make_rsa();
  const Certificate certificate = make_certificate(key, "a");
  CHECK(cms_decrypt(usual_cms(certificate, 0), {certificate}, {key}) == "secret");
  CHECK(cms_decrypt(usual_cms(certificate, CMS_STREAM), {certificate}, {key}) == "secret");
}

TEST_CASE("altered and truncated messages are refused") {
  const Pkey key = make_rsa();
  const Certificate certificate = make_certificate(key, "a");
  const std::string message = cms_encrypt("secret", {certificate});
  std::string altered = message;
  altered.back() ^= 1;
  CHECK_FALSE(cms_decrypt(altered, {certificate}, {key}));
  for (size_t size = 0; size < message.size(); ++size) {
    CHECK_THROWS_AS(cms_decrypt(message.substr(0, size), {certificate}, {key}), Error);
  }
}

TEST_CASE("a certificate without RSA key is refused") {
  const Pkey key = make_ec("P-256");
  CHECK_THROWS_AS(check_cms_recipient(make_certificate(key, "a")), Error);
}
