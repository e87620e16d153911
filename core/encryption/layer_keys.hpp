// An encrypted layer's annotations (ocicrypt; there is no OCI specification of them).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/encryption/keys.hpp"
#include "core/encryption/layer_cipher.hpp"
#include "sealos/sdk/digest.hpp"

namespace sealos::encryption {

using Annotations = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view kEncryptedSuffix = "+encrypted";
bool is_encrypted(std::string_view media_type);

/// The secret wrapped for all recipients: the annotations enc.keys.*.
Annotations wrap_secret(const LayerSecret& secret, const std::string& plain, const Recipients& to);
/// Of the annotations' names, with the scheme behind it.
inline constexpr std::string_view kKeysPrefix = "org.opencontainers.image.enc.keys.";
/// The annotation enc.pubopts.
std::pair<std::string, std::string> public_options(const std::string& hmac);

/// The annotations without those of encryption.
Annotations without_encryption(const Annotations& annotations);

struct Opened {
  LayerSecret secret;
  std::string hmac;
  std::string plain =
      {};  ///< what its key's message says is the digest of the layer; never trusted
};

/// Throws SEALOS_UNAUTHENTICATED where no key opens the layer, SEALOS_INVALID or
/// SEALOS_UNSUPPORTED for annotations that are not understood.
Opened open_layer(const Annotations& annotations, const DecryptionKeys& keys);

}  // namespace sealos::encryption
