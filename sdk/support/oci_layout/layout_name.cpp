#include "support/oci_layout/layout_name.hpp"

#include <fmt/format.h>

#include <charconv>

#include "sealos/sdk/error.hpp"

namespace sealos::oci_layout {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Runs of letters and digits, joined by one of "-._:@+" or by "--".
bool is_component(std::string_view text) {
  size_t at = 0;
  while (true) {
    const size_t start = at;
    while (at < text.size() && is_letter_or_digit(text[at])) ++at;
    if (at == start) return false;
    if (at == text.size()) return true;
    if (text.substr(at, 2) == "--") {
      at += 2;
    } else if (std::string_view("-._:@+").find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      return false;
    }
  }
}

size_t parse_position(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(Status::invalid,
                fmt::format("\"@{}\" is not the position of an image", printable(text)));
  }
  return value;
}

}  // namespace

bool is_ref_name(std::string_view name) {
  while (true) {
    const size_t slash = name.find('/');
    if (!is_component(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

LayoutName LayoutName::parse(std::string_view details) {
  const size_t colon = details.find(':');
  LayoutName parsed;
  parsed.path = details.substr(0, colon);
  if (parsed.path.empty()) throw Error(Status::invalid, "the path is empty");
  if (colon == std::string_view::npos) return parsed;
  const std::string_view rest = details.substr(colon + 1);
  if (rest.starts_with('@')) {
    parsed.position = parse_position(rest.substr(1));
  } else if (!rest.empty()) {
    if (!is_ref_name(rest)) {
      throw Error(Status::invalid,
                  fmt::format("\"{}\" is not the name of an image", printable(rest)));
    }
    parsed.name = rest;
  }
  return parsed;
}

std::string LayoutName::canonical() const {
  return position ? fmt::format("{}:@{}", path, *position) : fmt::format("{}:{}", path, name);
}

}  // namespace sealos::oci_layout
