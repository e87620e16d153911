#include "core/custom_resources/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>

namespace sealos::custom_resources {
namespace {

constexpr size_t kMaxDepth = 100, kMaxValues = 100'000;

[[noreturn]] void refuse(int line, const std::string& why) {
  throw Error(Status::invalid, fmt::format("line {}: {}", line, why));
}

/// Builds documents from the parser's events.
class Builder final : public YAML::EventHandler {
 public:
  std::vector<YamlNode> documents;

  void OnDocumentStart(const YAML::Mark&) override { anchors_.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(mark, Yaml::Kind::null), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto at = anchors_.find(anchor);
    if (at == anchors_.end()) refuse(mark.line + 1, "an alias inside of what it stands for");
    count(mark);
    place(at->second, mark.line + 1);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag.empty() || tag == "?";
    auto node = make(mark, plain && (value.empty() || value == "~" || value == "null")
                               ? Yaml::Kind::null
                               : Yaml::Kind::scalar);
    node->text = value;
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(mark, Yaml::Kind::list), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(mark, Yaml::Kind::map), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<Yaml> node;
    YAML::anchor_t anchor;
    bool has_key = false;
    std::string key;
    std::set<std::string> keys;
  };

  void count(const YAML::Mark& mark) {
    if (++values_ > kMaxValues) refuse(mark.line + 1, "too many values");
  }
  std::shared_ptr<Yaml> make(const YAML::Mark& mark, Yaml::Kind kind) {
    count(mark);
    auto node = std::make_shared<Yaml>();
    node->kind = kind;
    node->line = mark.line + 1;
    return node;
  }
  void add(std::shared_ptr<Yaml> node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    const int line = node->line;
    place(std::move(node), line);
  }
  void open(std::shared_ptr<Yaml> node, YAML::anchor_t anchor) {
    if (stack_.size() >= kMaxDepth) refuse(node->line, "nested too deeply");
    stack_.push_back({std::move(node), anchor, false, "", {}});
  }
  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(done.node), done.anchor);
  }
  void place(YamlNode node, int line) {
    if (stack_.empty()) {
      documents.push_back(std::move(node));
      return;
    }
    Open& top = stack_.back();
    // With what aliases stand for, so that nobody who walks through it goes deeper.
    if (stack_.size() + node->depth > kMaxDepth) refuse(line, "nested too deeply");
    top.node->depth = std::max(top.node->depth, node->depth + 1);
    if (top.node->kind == Yaml::Kind::list) {
      top.node->items.push_back(std::move(node));
    } else if (!top.has_key) {
      if (node->kind != Yaml::Kind::scalar) refuse(line, "a key that is no text");
      if (!top.keys.insert(node->text).second)
        refuse(line, fmt::format("\"{}\" occurs twice", printable(node->text, 60)));
      top.key = node->text;
      top.has_key = true;
    } else {
      top.node->members.emplace_back(std::move(top.key), std::move(node));
      top.has_key = false;
    }
  }

  std::map<YAML::anchor_t, YamlNode> anchors_;  // whose values are complete
  std::vector<Open> stack_;
  size_t values_ = 0;
};

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
  Builder builder;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    refuse(std::max(e.mark.line, -1) + 1, printable(e.msg));
  }
  return std::move(builder.documents);
}

std::string yaml_of(const Json& value) {
  std::string out;
  add_value(out, value, 0);
  return out;
}

}  // namespace sealos::custom_resources
