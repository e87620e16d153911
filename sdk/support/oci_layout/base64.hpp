// Base64 of RFC 4648, section 4, as the `data` member of a descriptor has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sealos {

/// nullopt for text that is not base64, with its padding.
std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);

}  // namespace sealos
