#include "support/layer_tar/base64.hpp"

#include <array>
#include <cstdint>

namespace sealos::layer_tar {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNone;
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(kAlphabet[i])] = i;
  return values;
}
constexpr auto kValues = make_values();

std::uint32_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }

}  // namespace

void append_base64(std::string& to, std::span<const std::byte> bytes) {
  const size_t start = to.size();
  to.resize(start + (bytes.size() + 2) / 3 * 4);
  char* out = to.data() + start;
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 3; left -= 3, in += 3) {
    const std::uint32_t three = (std::uint32_t{in[0]} << 16) | (std::uint32_t{in[1]} << 8) | in[2];
    *out++ = kAlphabet[three >> 18];
    *out++ = kAlphabet[(three >> 12) & 63];
    *out++ = kAlphabet[(three >> 6) & 63];
    *out++ = kAlphabet[three & 63];
  }
  if (left == 0) return;
  const std::uint32_t rest = (std::uint32_t{in[0]} << 16) | (left == 2 ? in[1] << 8 : 0);
  *out++ = kAlphabet[rest >> 18];
  *out++ = kAlphabet[(rest >> 12) & 63];
  *out++ = left == 2 ? kAlphabet[(rest >> 6) & 63] : '=';
  *out = '=';
}

std::string base64_encode(std::span<const std::byte> bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

bool append_from_base64(std::string& to, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const size_t start = to.size();
  to.resize(start + text.size() / 4 * 3);
  char* out = to.data() + start;
  const size_t whole = text.size() - (padding != 0 ? 4 : 0);
  std::uint32_t bad = 0;
  for (size_t i = 0; i < whole; i += 4) {
    const std::uint32_t a = value_of(text[i]), b = value_of(text[i + 1]);
    const std::uint32_t c = value_of(text[i + 2]), d = value_of(text[i + 3]);
    bad |= a | b | c | d;
    const std::uint32_t three = (a << 18) | (b << 12) | (c << 6) | d;
    *out++ = static_cast<char>(three >> 16);
    *out++ = static_cast<char>(three >> 8);
    *out++ = static_cast<char>(three);
  }
  if (padding != 0) {
    const std::uint32_t a = value_of(text[whole]), b = value_of(text[whole + 1]);
    const std::uint32_t c = padding == 2 ? 0 : value_of(text[whole + 2]);
    bad |= a | b | c;
    *out++ = static_cast<char>((a << 2) | (b >> 4));
    if (padding == 1) *out = static_cast<char>((b << 4) | (c >> 2));
    to.resize(to.size() - padding);
  }
  return (bad & 0xc0) == 0;
}

}  // namespace sealos::layer_tar
