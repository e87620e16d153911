// Strings that hold secrets.
#pragma once

#include <optional>
#include <string>

#include "support/base64/base64.hpp"

namespace sealos {
class Json;
}

namespace sealos::config {

/// Overwrites the characters, and whatever of the buffer lies behind them, then empties the string.
void wipe(std::string& text) noexcept;

inline void wipe(std::optional<std::string>& text) noexcept {
  if (text) wipe(*text);
}
/// All texts in it.
void wipe(Json& json) noexcept;

/// Wipes a string, or a JSON value's texts, when the scope is left.
template <typename Text>
class WipeAtEnd {
 public:
  explicit WipeAtEnd(Text& text) : text_(text) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { wipe(text_); }

 private:
  Text& text_;
};

using sealos::decode_base64;
using sealos::encode_base64;

}  // namespace sealos::config
