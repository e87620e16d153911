#include "support/http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace sealos::http {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw Error(Status::invalid, fmt::format("\"{}\" is no usable address: {}",
                                           printable(text.substr(0, text.find('?'))), why));
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

void parse_authority(Url& url, std::string_view authority, std::string_view text) {
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) refuse(text, "a bracket is not closed");
    url.host = lower(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
  } else {
    const size_t colon = authority.find(':');
    url.host = lower(authority.substr(0, colon));
    port = colon == std::string_view::npos ? "" : authority.substr(colon);
  }
  if (url.host.empty()) refuse(text, "it has no host");
  url.port = default_port(url.scheme);
  if (port.empty() || port == ":") return;
  if (port[0] != ':') refuse(text, "its host is not understood");
  port.remove_prefix(1);
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (problem != std::errc() || end != port.data() + port.size() || url.port == 0)
    refuse(text, "its port is no port");
}

}  // namespace

Url Url::parse(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      refuse(text, "it has control characters");
  }
  Url url;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) refuse(text, "it has no scheme");
  url.scheme = lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") refuse(text, "only http and https are known");
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  parse_authority(url, rest.substr(0, end), text);
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

Url Url::resolve(std::string_view location) const {
  const size_t mark = location.find_first_of("/?#");
  const size_t colon = location.find(':');
  if (colon != std::string_view::npos && (mark == std::string_view::npos || colon < mark))
    return parse(location);
  if (location.starts_with("//")) return parse(scheme + ":" + std::string(location));
  const std::string path = target.substr(0, target.find('?'));
  const std::string base = fmt::format("{}://{}", scheme, authority());
  if (location.starts_with('/')) return parse(base + std::string(location));
  if (location.empty() || location.starts_with('#')) return *this;
  if (location.starts_with('?')) return parse(base + path + std::string(location));
  return parse(base + path.substr(0, path.rfind('/') + 1) + std::string(location));
}

std::string Url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string out = v6 ? "[" + host + "]" : host;
  if (port != default_port(scheme)) out += fmt::format(":{}", port);
  return out;
}

std::string Url::shown() const {
  return printable(origin() + target.substr(0, target.find('?')), 300);
}

void Url::add_query(std::string_view name, std::string_view value) {
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += percent_encode(name) + "=" + percent_encode(value);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* from = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(from, from + 2, byte, 16).ptr != from + 2)
      throw Error(Status::invalid, "a percent sign is not followed by two hexadecimal digits");
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace sealos::http
