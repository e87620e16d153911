// Strings that hold secrets, and base64 as auth files write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sealos::config {

/// To be called before the process has its first secret: from then on the kernel writes no core
/// file of it, whatever the limits and core_pattern say, and no other process of the same user
/// can read its memory or attach to it. Programs that it starts are as usual.
void keep_out_of_core_files() noexcept;

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

/// Standard alphabet with padding (RFC 4648, 4); line ends are skipped. nullopt: not base64.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace sealos::config
