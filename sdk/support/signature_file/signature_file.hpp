// Signature files: what is in them, and what sealos calls it. No I/O.
#pragma once

#include <string>

#include "sealos/sdk/types.hpp"

namespace sealos {

/// The label is the format, "simple-signing" or "sigstore-json". Throws SEALOS_INVALID for a file
/// that is neither an OpenPGP message nor names its format.
Item parse_signature(std::string file, const std::string& name);
std::string signature_file(const Item& signature);

}  // namespace sealos
