#include "core/config/secret.hpp"

#include <sys/prctl.h>

#include <cstdint>
#include <cstring>

namespace sealos::config {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

void keep_out_of_core_files() noexcept { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void wipe(std::string& text) noexcept {
  // Growing to the capacity never allocates, and makes the whole buffer ours to write.
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos || padding != 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits % 4 == 0) {
      for (const int shift : {16, 8, 0}) out += static_cast<char>(bits >> shift & 0xff);
    }
  }
  const size_t rest = digits % 4;
  if (rest == 1 || padding != (4 - rest) % 4) return std::nullopt;
  if (rest == 2) out += static_cast<char>(bits >> 4 & 0xff);
  if (rest == 3) {
    out += static_cast<char>(bits >> 10 & 0xff);
    out += static_cast<char>(bits >> 2 & 0xff);
  }
  return out;
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (size_t at = 0; at < 3; ++at)
      bits = bits << 8 | (at < group.size() ? static_cast<unsigned char>(group[at]) : 0u);
    for (size_t at = 0; at < 4; ++at)
      out += at <= group.size() ? kAlphabet[bits >> (18 - 6 * at) & 63] : '=';
  }
  return out;
}

}  // namespace sealos::config
