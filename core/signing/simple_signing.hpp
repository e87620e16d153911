// Simple signing: what an OpenPGP signature of an image says (containers-signature(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sealos/sdk/digest.hpp"

namespace sealos::signing {

struct Payload {
  std::string reference;  ///< the image's name, with a tag or digest
  Digest manifest;
};

/// creator: software and version; timestamp: seconds since 1970.
std::string make_payload(const Payload& payload, const std::string& creator,
                         std::int64_t timestamp);

/// Throws SEALOS_INVALID for everything that is not exactly of the format: it has been signed by a
/// trusted key, so that what is not understood may restrict it.
Payload parse_payload(std::string_view text);

/// Whether a stored signature is one of simple signing, judged by its first bytes.
bool is_simple_signature(std::string_view blob);

}  // namespace sealos::signing
