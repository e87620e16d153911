// Base64 (RFC 4648): the standard alphabet with padding, and the one for URLs without. Fast enough
// for the tar-split of large layers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sealos {

std::string encode_base64(std::string_view bytes);
void append_base64(std::string& to, std::string_view bytes);

/// Line ends are skipped. nullopt for text that is not padded base64. What is returned never was
/// in a buffer that is left behind, so that a secret can be wiped.
std::optional<std::string> decode_base64(std::string_view text);
/// Appends what the text stands for. False, with `to` in an unspecified state, for text that is not
/// padded base64 in one line.
bool append_from_base64(std::string& to, std::string_view text);

/// The alphabet for URLs and file names, without padding (RFC 4648, 5).
std::string encode_base64url(std::string_view bytes);
/// nullopt for all else, padded text among it.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace sealos
