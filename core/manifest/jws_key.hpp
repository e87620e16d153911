// Keys and signatures of JSON web signatures, as schema 1 manifests have them. No I/O.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include "support/jwk/jwk.hpp"

namespace sealos {

/// A public key, or a pair of keys.
class JwsKey {
 public:
  /// A new pair on the curve P-256.
  static JwsKey generate();
  /// From a signature's header: "jwk" (RFC 7517; kinds EC and RSA) or "x5c" (the first
  /// certificate). Throws SEALOS_INVALID for what is no key, SEALOS_UNSUPPORTED for other kinds.
  static JwsKey from_header(const Json& header);

  /// The public key, with docker's kind of "kid".
  Json jwk() const;
  /// ES256 over P-256.
  std::string sign(std::string_view bytes) const;
  /// algorithm: ES256, ES384, ES512, RS256, RS384 or RS512; throws SEALOS_UNSUPPORTED for others,
  /// among them "none".
  bool verify(std::string_view algorithm, std::string_view bytes, std::string_view signature) const;

 private:
  explicit JwsKey(jwk::Pkey key) : key_(std::move(key)) {}

  jwk::Pkey key_;
};

}  // namespace sealos
