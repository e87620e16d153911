#include "support/base64/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sealos {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kForUrls =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNone = 0xff;

using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  for (auto& value : values) value = kNone;
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(alphabet[i])] = i;
  return values;
}
constexpr Values kStandardValues = values_of(kStandard);
constexpr Values kUrlValues = values_of(kForUrls);

void append_digits(std::string& to, std::string_view bytes, std::string_view alphabet,
                   bool padded) {
  const size_t start = to.size();
  const size_t rest = bytes.size() % 3;
  to.resize(start + bytes.size() / 3 * 4 + (rest == 0 ? 0 : padded ? 4 : rest + 1));
  char* out = to.data() + start;
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  for (size_t left = bytes.size(); left >= 3; left -= 3, in += 3) {
    const std::uint32_t three = (std::uint32_t{in[0]} << 16) | (std::uint32_t{in[1]} << 8) | in[2];
    *out++ = alphabet[three >> 18];
    *out++ = alphabet[(three >> 12) & 63];
    *out++ = alphabet[(three >> 6) & 63];
    *out++ = alphabet[three & 63];
  }
  if (rest == 0) return;
  const std::uint32_t bits = (std::uint32_t{in[0]} << 16) | (rest == 2 ? in[1] << 8 : 0);
  *out++ = alphabet[bits >> 18];
  *out++ = alphabet[(bits >> 12) & 63];
  if (rest == 2) *out++ = alphabet[(bits >> 6) & 63];
  while (out != to.data() + to.size()) *out++ = '=';
}

/// Digits without padding. The last bits of the last digit may be anything, as with the peers.
bool append_bytes(std::string& to, std::string_view digits, const Values& values) {
  const size_t rest = digits.size() % 4;
  if (rest == 1) return false;
  const auto value = [&](size_t at) -> std::uint32_t {
    return values[static_cast<unsigned char>(digits[at])];
  };
  const size_t start = to.size();
  to.resize(start + digits.size() / 4 * 3 + (rest == 0 ? 0 : rest - 1));
  char* out = to.data() + start;
  const size_t whole = digits.size() - rest;
  std::uint32_t bad = 0;
  for (size_t i = 0; i < whole; i += 4) {
    const std::uint32_t a = value(i), b = value(i + 1), c = value(i + 2), d = value(i + 3);
    bad |= a | b | c | d;
    const std::uint32_t three = (a << 18) | (b << 12) | (c << 6) | d;
    *out++ = static_cast<char>(three >> 16);
    *out++ = static_cast<char>(three >> 8);
    *out++ = static_cast<char>(three);
  }
  if (rest != 0) {
    const std::uint32_t a = value(whole), b = value(whole + 1);
    const std::uint32_t c = rest == 3 ? value(whole + 2) : 0;
    bad |= a | b | c;
    *out++ = static_cast<char>((a << 2) | (b >> 4));
    if (rest == 3) *out = static_cast<char>((b << 4) | (c >> 2));
  }
  return (bad & 0xc0) == 0;
}

}  // namespace

void append_base64(std::string& to, std::string_view bytes) {
  append_digits(to, bytes, kStandard, true);
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  append_digits(out, bytes, kStandard, true);
  return out;
}

std::string encode_base64url(std::string_view bytes) {
  std::string out;
  append_digits(out, bytes, kForUrls, false);
  return out;
}

bool append_from_base64(std::string& to, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return append_bytes(to, text.substr(0, text.size() - padding), kStandardValues);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  // Lines need not end after a whole group.
  char group[4];
  size_t held = 0;
  bool ended = false;
  for (size_t i = 0; i < text.size();) {
    if (held == 0) {
      const size_t end = std::min(text.find_first_of("\r\n=", i), text.size());
      const size_t run = (end - i) / 4 * 4;
      if (run != 0 && (ended || !append_bytes(out, text.substr(i, run), kStandardValues)))
        return std::nullopt;
      i += run;
      if (i == text.size()) break;
    }
    const char c = text[i++];
    if (c == '\r' || c == '\n') continue;
    if (ended) return std::nullopt;
    group[held++] = c;
    if (held < 4) continue;
    ended = c == '=';
    if (!append_from_base64(out, {group, 4})) return std::nullopt;
    held = 0;
  }
  if (held != 0) return std::nullopt;
  return out;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  std::string out;
  if (!append_bytes(out, text, kUrlValues)) return std::nullopt;
  return out;
}

}  // namespace sealos
