// The signed form of docker's schema 1: the manifest with JSON web signatures among its members
// (docker/libtrust, "pretty signature"). The keys come with it, so a signature says that the text
// is whole, not who wrote it. No I/O.
#pragma once

#include <string>

#include "support/json/json.hpp"

namespace sealos {

/// The text that was signed, which is what the digest of the manifest is of. Throws SEALOS_CORRUPT
/// where a signature is wrong or there is none, SEALOS_INVALID for what is no signature.
std::string signed_payload(const std::string& text, const Json& json);

/// `payload`, a JSON object, signed with a key that is made for it and then forgotten, as all
/// others do. The result is another one each time; its payload, and with it the digest, is not.
std::string sign_payload(const std::string& payload);

}  // namespace sealos
