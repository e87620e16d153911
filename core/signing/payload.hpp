// The document that simple signing and sigstore share.
#pragma once

#include <string_view>

#include "core/signing/simple_signing.hpp"

namespace sealos::signing {

/// `type` is that of its critical part; `optional_may_be_null` as cosign writes it.
Payload parse_payload_of_type(std::string_view text, std::string_view type,
                              bool optional_may_be_null);

}  // namespace sealos::signing
