#include "support/jwk/jwk.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>

#include <array>
#include <optional>
#include <vector>

#include "support/base64/base64.hpp"

namespace sealos::jwk {
namespace {

/// One number or text of a key, under OpenSSL's name.
class Parameters {
 public:
  Parameters() : builder_(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free) {}

  void add_number(const char* name, const Json& jwk, std::string_view member) {
    std::optional<std::string> bytes = decode_base64url(jwk.at(member).string(member));
    if (!bytes || bytes->empty() || bytes->size() > 2048) {
      throw Error(Status::invalid, "member " + std::string(member) + " of a key is no number");
    }
    numbers_.emplace_back(BN_secure_new(), &BN_clear_free);
    BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes->data()),
              static_cast<int>(bytes->size()), numbers_.back().get());
    OPENSSL_cleanse(bytes->data(), bytes->size());
    OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get());
  }
  void add_text(const char* name, const char* text) {
    OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, text, 0);
  }
  /// The bytes are not copied.
  void add_bytes(const char* name, const std::string& bytes) {
    OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, bytes.data(), bytes.size());
  }

  Pkey make(const char* kind, int selection) {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr), &EVP_PKEY_CTX_free);
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
        OSSL_PARAM_BLD_to_param(builder_.get()), &OSSL_PARAM_free);
    EVP_PKEY* key = nullptr;
    if (!context || !parameters || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) <= 0) {
      throw Error(Status::invalid, "its numbers are no key");
    }
    return own(key);
  }

 private:
  std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder_;
  std::vector<std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>> numbers_;
};

struct Curve {
  const char *jwk, *openssl;
  size_t field;  ///< bytes
};
constexpr std::array<Curve, 3> kCurves = {
    {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}}};

const Curve* curve_named(std::string_view name) {
  for (const Curve& curve : kCurves) {
    if (name == curve.jwk || name == curve.openssl) return &curve;
  }
  return nullptr;
}

const Curve& require_curve(std::string_view name) {
  if (const Curve* curve = curve_named(name)) return *curve;
  throw Error(Status::unsupported,
              "EC keys of P-256, P-384 and P-521 can be used, not of \"" + printable(name) + "\"");
}

std::string coordinate(const Json& jwk, std::string_view member, const Curve& curve) {
  std::optional<std::string> bytes = decode_base64url(jwk.at(member).string(member));
  if (!bytes || bytes->size() > curve.field) {
    throw Error(Status::invalid, "member " + std::string(member) + " of a key is no coordinate");
  }
  return std::string(curve.field - bytes->size(), 0) + *bytes;
}

Pkey ec_key(const EcPoint& point, const Json* with_private) {
  const Curve& curve = require_curve(point.curve);
  Parameters parameters;
  parameters.add_text(OSSL_PKEY_PARAM_GROUP_NAME, curve.openssl);
  const std::string uncompressed = "\x04" + point.x + point.y;
  parameters.add_bytes(OSSL_PKEY_PARAM_PUB_KEY, uncompressed);
  if (with_private != nullptr) parameters.add_number(OSSL_PKEY_PARAM_PRIV_KEY, *with_private, "d");
  return parameters.make("EC", with_private == nullptr ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR);
}

Pkey rsa_key(const Json& jwk, bool with_private) {
  Parameters parameters;
  parameters.add_number(OSSL_PKEY_PARAM_RSA_N, jwk, "n");
  parameters.add_number(OSSL_PKEY_PARAM_RSA_E, jwk, "e");
  if (with_private) {
    parameters.add_number(OSSL_PKEY_PARAM_RSA_D, jwk, "d");
    if (jwk.find("oth") != nullptr) {
      throw Error(Status::unsupported, "RSA keys of more than two primes cannot be used");
    }
    if (jwk.find("p") != nullptr) {
      parameters.add_number(OSSL_PKEY_PARAM_RSA_FACTOR1, jwk, "p");
      parameters.add_number(OSSL_PKEY_PARAM_RSA_FACTOR2, jwk, "q");
      parameters.add_number(OSSL_PKEY_PARAM_RSA_EXPONENT1, jwk, "dp");
      parameters.add_number(OSSL_PKEY_PARAM_RSA_EXPONENT2, jwk, "dq");
      parameters.add_number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, jwk, "qi");
    }
  }
  return parameters.make("RSA", with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
}

EcPoint point_of(const Json& jwk) {
  const Curve& curve = require_curve(jwk.text_at("crv"));
  return {curve.jwk, coordinate(jwk, "x", curve), coordinate(jwk, "y", curve)};
}

}  // namespace

Pkey own(EVP_PKEY* key) { return {key, &EVP_PKEY_free}; }

Pkey key_of(const Json& jwk, Part part) {
  const bool with_private = part == Part::with_private;
  const std::string kind = jwk.text_at("kty");
  if (kind == "RSA") return rsa_key(jwk, with_private);
  if (kind == "EC") return ec_key(point_of(jwk), with_private ? &jwk : nullptr);
  throw Error(Status::unsupported,
              "keys of kind RSA and EC can be used, not \"" + printable(kind) + "\"");
}

EcPoint ec_point(const Pkey& key) {
  char group[64] = {};
  size_t length = 0;
  if (EVP_PKEY_get_group_name(key.get(), group, sizeof group, &length) != 1) {
    throw Error(Status::unsupported, "the key is on no curve that has a name");
  }
  const Curve& curve = require_curve(group);
  EcPoint point{curve.jwk, std::string(curve.field, 0), std::string(curve.field, 0)};
  const auto read = [&](const char* name, std::string& into) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), name, &number) != 1) {
      throw Error(Status::internal, "OpenSSL failed: the point of a key");
    }
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(into.data()),
                 static_cast<int>(into.size()));
    BN_free(number);
  };
  read(OSSL_PKEY_PARAM_EC_PUB_X, point.x);
  read(OSSL_PKEY_PARAM_EC_PUB_Y, point.y);
  return point;
}

Pkey ec_public_key(const EcPoint& point) { return ec_key(point, nullptr); }

Pkey ec_key_like(const Pkey& key) {
  EVP_PKEY* made =
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", require_curve(ec_point(key).curve).openssl);
  if (made == nullptr) throw Error(Status::internal, "OpenSSL failed: making a key");
  return own(made);
}

Json public_jwk(const EcPoint& point) {
  return Json::object({{"kty", "EC"},
                       {"crv", point.curve},
                       {"x", encode_base64url(point.x)},
                       {"y", encode_base64url(point.y)}});
}

}  // namespace sealos::jwk
