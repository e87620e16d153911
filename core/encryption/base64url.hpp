// Base64 as JSON Web Keys and Encryption write it (RFC 4648, 5, without padding).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/secret.hpp"

namespace sealos::encryption {

inline std::string encode_base64url(std::string_view bytes) {
  std::string text = config::encode_base64(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

inline std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.find_first_of("+/=\r\n") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
  standard.append((4 - standard.size() % 4) % 4, '=');
  std::optional<std::string> bytes = config::decode_base64(standard);
  config::wipe(standard);
  return bytes;
}

}  // namespace sealos::encryption
