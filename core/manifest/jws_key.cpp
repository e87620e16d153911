#include "core/manifest/jws_key.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "core/config/secret.hpp"
#include "support/digest/hasher.hpp"

namespace sealos {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* it) const { kFree(it); }
};
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Hashing = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, OSSL_PARAM_free>>;

struct Curve {
  std::string_view name;
  const char* group;
  size_t bytes;
};
constexpr std::array<Curve, 3> kCurves = {{
    {"P-256", "prime256v1", 32},
    {"P-384", "secp384r1", 48},
    {"P-521", "secp521r1", 66},
}};

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

std::string member(const Json& jwk, std::string_view name) {
  const auto bytes = from_base64url(jwk.at(name).string(name));
  if (!bytes) throw Error(Status::invalid, fmt::format("\"{}\" of a key is not base64url", name));
  return *bytes;
}

Number number(std::string_view bytes) {
  return Number(made(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)));
}

EVP_PKEY* key_of(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(made(OSSL_PARAM_BLD_to_param(builder)));
  const Context context(made(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0) {
    throw Error(Status::invalid, fmt::format("a signature's {} key is none", type));
  }
  return key;
}

EVP_PKEY* ec_key(const Json& jwk) {
  const std::string name = jwk.text_at("crv");
  for (const Curve& curve : kCurves) {
    if (curve.name != name) continue;
    std::string point(1, '\x04');
    for (const char* axis : {"x", "y"}) {
      const std::string at = member(jwk, axis);
      if (at.size() > curve.bytes) throw Error(Status::invalid, "a key's point is too long");
      point.append(curve.bytes - at.size(), '\0').append(at);
    }
    const Builder builder(made(OSSL_PARAM_BLD_new()));
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    return key_of("EC", builder.get());
  }
  throw Error(Status::unsupported,
              fmt::format("a signature's key is on the unknown curve \"{}\"", printable(name)));
}

EVP_PKEY* rsa_key(const Json& jwk) {
  const std::string n = member(jwk, "n"), e = member(jwk, "e");
  if (n.size() > 1024) throw Error(Status::invalid, "a signature's RSA key is too long");
  const Number modulus = number(n), exponent = number(e);
  const Builder builder(made(OSSL_PARAM_BLD_new()));
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return key_of("RSA", builder.get());
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

std::string base64url(std::string_view bytes) {
  std::string text = config::encode_base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string standard(text.substr(0, text.find_last_not_of('=') + 1));
  if (standard.find_first_of("+/ \r\n\t") != std::string::npos) return std::nullopt;
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return config::decode_base64(standard);
}

void JwsKey::Free::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

JwsKey JwsKey::generate() { return JwsKey(Key(made(EVP_EC_gen("P-256")))); }

JwsKey::Key JwsKey::from_jwk(const Json& jwk) {
  const std::string kind = jwk.text_at("kty");
  if (kind == "EC") return Key(ec_key(jwk));
  if (kind == "RSA") return Key(rsa_key(jwk));
  throw Error(Status::unsupported,
              fmt::format("a signature has a key of the unknown kind \"{}\"", printable(kind)));
}

JwsKey::Key JwsKey::from_certificate(const Json& chain) {
  const auto& all = chain.items("x5c");
  const auto der = all.empty() ? std::nullopt : config::decode_base64(all.front().string("x5c"));
  const unsigned char* at = der ? bytes_of(*der) : nullptr;
  const std::unique_ptr<X509, Freed<X509, X509_free>> certificate(
      der ? d2i_X509(nullptr, &at, static_cast<long>(der->size())) : nullptr);
  Key key(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
  if (!key) throw Error(Status::invalid, "a signature's certificate is none");
  return key;
}

JwsKey JwsKey::from_header(const Json& header) {
  if (const Json* jwk = header.find("jwk")) return JwsKey(from_jwk(*jwk));
  if (const Json* chain = header.find("x5c")) return JwsKey(from_certificate(*chain));
  throw Error(Status::invalid, "a signature has no key");
}

Json JwsKey::jwk() const {
  std::array<unsigned char, 65> point{};
  size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                      point.size(), &size) <= 0 ||
      size != point.size()) {
    throw Error(Status::internal, "the key for signing has no point on P-256");
  }
  const std::string_view text(reinterpret_cast<const char*>(point.data()), point.size());
  return Json::object({{"crv", "P-256"},
                       {"kid", key_id(key_.get())},
                       {"kty", "EC"},
                       {"x", base64url(text.substr(1, 32))},
                       {"y", base64url(text.substr(33))}});
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
