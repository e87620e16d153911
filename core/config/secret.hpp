// Strings that hold secrets.
#pragma once

#include <string>

#include "support/base64/base64.hpp"

namespace sealos {
class Json;
}

namespace sealos::config {

/// To be called before the process has its first secret: from then on the kernel writes no core
/// file of it, whatever the limits and core_pattern say, and no other process of the same user
/// can read its memory or attach to it. Programs that it starts are as usual.
void keep_out_of_core_files() noexcept;

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
