// Strings that hold secrets.
#pragma once

#include <string>

#include "support/base64/base64.hpp"

namespace sealos::config {

/// Overwrites the characters, and whatever of the buffer lies behind them, then empties the string.
void wipe(std::string& text) noexcept;

/// Wipes a string when the scope is left.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(std::string& text) : text_(text) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { wipe(text_); }

 private:
  std::string& text_;
};

using sealos::decode_base64;
using sealos::encode_base64;

}  // namespace sealos::config
