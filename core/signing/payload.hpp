// The document that simple signing and sigstore share.
#pragma once

#include <string_view>

#include "core/signing/simple_signing.hpp"

namespace sealos::signing {

inline constexpr const char* kSigstoreType = "cosign container image signature";

/// As make_payload, with another type.
std::string make_payload_of_type(const Payload& payload, const std::string& type,
                                 const std::string& creator, std::int64_t timestamp);

/// `type` is that of its critical part; `optional_may_be_null` as cosign writes it.
Payload parse_payload_of_type(std::string_view text, std::string_view type,
                              bool optional_may_be_null);

}  // namespace sealos::signing
