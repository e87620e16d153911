#include "core/manifest/jws_key.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* it) const { kFree(it); }
};
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using Hashing = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>>;

struct Algorithm {
  std::string_view name;
  const char* hash;
  size_t part;  ///< bytes of each half of an ECDSA signature; 0: RSA
};
constexpr std::array<Algorithm, 6> kAlgorithms = {{
    {"ES256", "SHA256", 32},
    {"ES384", "SHA384", 48},
    {"ES512", "SHA512", 66},
    {"RS256", "SHA256", 0},
    {"RS384", "SHA384", 0},
    {"RS512", "SHA512", 0},
}};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

template <typename T>
T* made(T* it) {
  if (it == nullptr) throw std::bad_alloc();
  return it;
}

Number number(std::string_view bytes) {
  return Number(made(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)));
}

/// r and s one after the other, as JWS has them, in OpenSSL's form.
std::vector<unsigned char> to_der(std::string_view signature) {
  const size_t half = signature.size() / 2;
  const Signature both(made(ECDSA_SIG_new()));
  Number r = number(signature.substr(0, half)), s = number(signature.substr(half));
  ECDSA_SIG_set0(both.get(), r.release(), s.release());
  std::vector<unsigned char> der(static_cast<size_t>(i2d_ECDSA_SIG(both.get(), nullptr)));
  unsigned char* at = der.data();
  i2d_ECDSA_SIG(both.get(), &at);
  return der;
}

std::string from_der(const std::vector<unsigned char>& der, size_t part) {
  const unsigned char* at = der.data();
  const Signature both(made(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()))));
  std::string out(2 * part, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), bytes, static_cast<int>(part));
  BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), bytes + part, static_cast<int>(part));
  return out;
}

jwk::Pkey certified_key(const Json& chain) {
  const auto& all = chain.items("x5c");
  const auto der = all.empty() ? std::nullopt : decode_base64(all.front().string("x5c"));
  const unsigned char* at = der ? bytes_of(*der) : nullptr;
  const std::unique_ptr<X509, Freed<X509, X509_free>> certificate(
      der ? d2i_X509(nullptr, &at, static_cast<long>(der->size())) : nullptr);
  EVP_PKEY* key = certificate ? X509_get_pubkey(certificate.get()) : nullptr;
  if (key == nullptr) throw Error(Status::invalid, "a signature's certificate is none");
  return jwk::own(key);
}

/// libtrust's name of a key: 240 bits of its hash in base32, in groups of four.
std::string key_id(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) throw std::bad_alloc();
  const std::string digest(
      digest_of({reinterpret_cast<const char*>(der), static_cast<size_t>(size)}).hex());
  OPENSSL_free(der);
  std::string id;
  unsigned bits = 0, count = 0;
  for (size_t i = 0; i < 60; ++i) {
    const char c = digest[i];
    bits = bits << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    count += 4;
    if (count < 5) continue;
    count -= 5;
    if (id.size() % 5 == 4) id += ':';
    id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits >> count & 31];
  }
  return id;
}

}  // namespace

JwsKey JwsKey::generate() { return JwsKey(jwk::own(made(EVP_EC_gen("P-256")))); }

JwsKey JwsKey::from_header(const Json& header) {
  try {
    if (const Json* json = header.find("jwk"))
      return JwsKey(jwk::key_of(*json, jwk::Part::only_public));
  } catch (Error& e) {
    throw e.add_context("the key of a signature");
  }
  if (const Json* chain = header.find("x5c")) return JwsKey(certified_key(*chain));
  throw Error(Status::invalid, "a signature has no key");
}

Json JwsKey::jwk() const {
  Json json = jwk::public_jwk(jwk::ec_point(key_));
  json.set("kid", key_id(key_.get()));
  return json;
}

std::string JwsKey::sign(std::string_view bytes) const {
  const Hashing hashing(made(EVP_MD_CTX_new()));
  size_t size = 0;
  bool good = EVP_DigestSignInit_ex(hashing.get(), nullptr, "SHA256", nullptr, nullptr, key_.get(),
                                    nullptr) > 0 &&
              EVP_DigestSign(hashing.get(), nullptr, &size, bytes_of(bytes), bytes.size()) > 0;
  std::vector<unsigned char> der(size);
  good =
      good && EVP_DigestSign(hashing.get(), der.data(), &size, bytes_of(bytes), bytes.size()) > 0;
  if (!good) throw Error(Status::internal, "OpenSSL does not sign");
  der.resize(size);
  return from_der(der, 32);
}

bool JwsKey::verify(std::string_view algorithm, std::string_view bytes,
                    std::string_view signature) const {
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                  [&](const Algorithm& each) { return each.name == algorithm; });
  if (found == kAlgorithms.end()) {
    throw Error(Status::unsupported,
                fmt::format("signatures by \"{}\" are not verified", printable(algorithm)));
  }
  const bool ec = EVP_PKEY_is_a(key_.get(), "EC") == 1;
  if (ec != (found->part != 0) || (ec && signature.size() != 2 * found->part)) return false;
  std::vector<unsigned char> form(signature.begin(), signature.end());
  if (ec) form = to_der(signature);
  const Hashing hashing(made(EVP_MD_CTX_new()));
  return EVP_DigestVerifyInit_ex(hashing.get(), nullptr, found->hash, nullptr, nullptr, key_.get(),
                                 nullptr) > 0 &&
         EVP_DigestVerify(hashing.get(), form.data(), form.size(), bytes_of(bytes), bytes.size()) >
             0;
}

}  // namespace sealos
