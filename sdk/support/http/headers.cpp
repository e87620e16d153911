#include "support/http/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "sealos/sdk/error.hpp"

namespace sealos::http {

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
         });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

void Headers::add(std::string_view name, std::string_view value) {
  for (const char c : value) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      throw Error(Status::invalid,
                  fmt::format("the header {} would have a control character in it", name));
  }
  fields_.emplace_back(name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
  erase(name);
  add(name, value);
}

void Headers::erase(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return same_text(field.first, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (same_text(field.first, name)) return field.second;
  }
  return std::nullopt;
}

std::vector<std::string> Headers::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const Field& field : fields_) {
    if (same_text(field.first, name)) found.push_back(field.second);
  }
  return found;
}

}  // namespace sealos::http
