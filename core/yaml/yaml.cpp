#include "core/yaml/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>
#include <sstream>

#include "core/module/module.hpp"
#include "core/yaml/yaml_module.hpp"

namespace sealos {
namespace {

[[noreturn]] void refuse(int line, const std::string& why) {
  throw Error(Status::invalid, fmt::format("line {}: {}", line, why));
}

/// How many bytes the character at the front has; 0: it is none.
size_t character(std::string_view text, std::uint32_t& code) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = byte(0) < 0x80       ? 1
                        : byte(0) >> 5 == 6  ? 2
                        : byte(0) >> 4 == 14 ? 3
                        : byte(0) >> 3 == 30 ? 4
                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  code = length == 1 ? byte(0) : byte(0) & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kLeast[length] || code > 0x10ffff || surrogate ? 0 : length;
}

/// Printable, as YAML 1.2 has it, and no line break of any kind.
bool is_shown(std::uint32_t code) {
  return code >= 0x20 && (code < 0x7f || code >= 0xa0) && code != 0x2028 && code != 0x2029 &&
         code != 0xfeff && code != 0xfffe && code != 0xffff;
}

/// Whether a block scalar shows the text, which has several lines, as it is.
bool fits_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.ends_with("\n\n")) return false;
  if (text.front() == ' ' || text.front() == '\n' || text.front() == '\t') return false;
  for (size_t at = 0; at < text.size();) {
    std::uint32_t code = 0;
    const size_t length = character(text.substr(at), code);
    if (length == 0 || !(is_shown(code) || code == '\n' || code == '\t')) return false;
    at += length;
  }
  return true;
}

bool is_plain(const std::string& text) {
  static const std::set<std::string, std::less<>> kOther = {"true", "false", "null", "yes", "no",
                                                            "on",   "off",   "y",    "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return !text.empty() && letter(text.front()) && text.back() != ':' && !kOther.contains(lower) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') ||
                  std::string_view("._/:-").find(c) != std::string_view::npos;
         });
}

/// In double quotes, with every character escaped that not every reader takes as it is.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    std::uint32_t code = 0;
    const size_t length = std::max<size_t>(character(text, code), 1);
    if (code == '"' || code == '\\') {
      out += fmt::format("\\{}", static_cast<char>(code));
    } else if (code == '\n' || code == '\t') {
      out += code == '\n' ? "\\n" : "\\t";
    } else if (!is_shown(code)) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out + "\"";
}

void add_text(std::string& out, const std::string& text, size_t indent) {
  if (text.empty() || !fits_block(text)) {
    out += " " + (is_plain(text) ? text : quoted(text)) + "\n";
    return;
  }
  out += text.ends_with('\n') ? " |\n" : " |-\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    out += (line.empty() ? "" : std::string(indent, ' ') + line) + "\n";
}

void add_value(std::string& out, const Json& value, size_t indent) {
  if (value.is_object() && !value.members("value").empty()) {
    if (!out.empty()) out += "\n";
    for (const auto& [key, member] : value.members("value")) {
      out += std::string(indent, ' ') + key + ":";
      add_value(out, member, indent + 2);
    }
  } else if (value.is_array() && !value.items("value").empty()) {
    out += "\n";
    for (const Json& item : value.items("value")) {
      out += std::string(indent, ' ') + "-";
      add_value(out, item, indent + 2);
    }
  } else if (value.is_string()) {
    add_text(out, value.string("value"), indent);
  } else {
    out += " " + value.dump() + "\n";
  }
}

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return value->kind == Kind::null ? nullptr : value.get();
  }
  return nullptr;
}

std::string Yaml::text_at(std::string_view key) const {
  const Yaml* value = find(key);
  if (value == nullptr) return "";
  if (value->kind != Kind::scalar) refuse(value->line, fmt::format("{} is no text", key));
  return value->text;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::uint32_t code = 0;
    const size_t length = character(text, code);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::vector<YamlNode> parse_yaml(std::string_view text) {
  if (!is_utf8(text)) throw Error(Status::invalid, "it is not UTF-8");
  return module<YamlModule>().parse(text);
}

std::string yaml_of(const Json& value) {
  std::string out;
  add_value(out, value, 0);
  return out;
}

}  // namespace sealos
