#include "challenge.hpp"

#include <algorithm>
#include <cctype>

namespace sealos::docker {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  void skip(std::string_view any) {
    while (!at_end() && any.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    skip(" \t");
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// A token of RFC 9110, or "".
  std::string token() {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    std::string out;
    while (!at_end()) {
      const char c = text_[at_];
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
          kMarks.find(c) == std::string_view::npos)
        break;
      out += c;
      ++at_;
    }
    return out;
  }
  std::string value() {
    skip(" \t");
    if (at_end() || text_[at_] != '"') {
      const size_t from = at_;
      while (!at_end() && text_[at_] != ',' && text_[at_] != ' ' && text_[at_] != '\t') ++at_;
      return std::string(text_.substr(from, at_ - from));
    }
    std::string out;
    for (++at_; !at_end() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    if (!at_end()) ++at_;
    return out;
  }
  size_t position() const { return at_; }
  void go_to(size_t position) { at_ = position; }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// `scheme [parameter *( "," parameter )]`, then "," and the next challenge. Both lists use the
/// same comma; a name without "=" behind it starts a challenge.
void parse_field(std::string_view text, std::vector<Challenge>& into) {
  Reader reader(text);
  for (bool first = true;; first = false) {
    reader.skip(" \t,");
    if (reader.at_end()) return;
    const std::string name = lower(reader.token());
    if (name.empty()) return;
    if (!first && reader.take('=')) {
      into.back().parameters.emplace_back(name, reader.value());
      continue;
    }
    into.push_back({name, {}});
    reader.skip(" \t");
    const size_t before = reader.position();
    const std::string parameter = lower(reader.token());
    if (!parameter.empty() && reader.take('=')) {
      into.back().parameters.emplace_back(parameter, reader.value());
    } else {
      reader.go_to(before);
    }
  }
}

}  // namespace

std::string Challenge::text(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

std::vector<Challenge> parse_challenges(const std::vector<std::string>& fields) {
  std::vector<Challenge> found;
  for (const std::string& field : fields) parse_field(field, found);
  return found;
}

}  // namespace sealos::docker
