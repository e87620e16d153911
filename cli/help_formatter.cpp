#include "cli/help_formatter.hpp"

#include <fmt/format.h>

#include <sstream>

namespace sealos::cli {
namespace {

constexpr size_t kWidth = 80, kLeft = 30;

}  // namespace

std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines{""};
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::string& last = lines.back();
    if (last.empty()) {
      last = word;
    } else if (last.size() + 1 + word.size() <= width) {
      last += " " + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

/// With one empty line between groups, where the library puts two.
std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  const std::string text = Formatter::make_help(app, std::move(name), mode);
  return CLI::detail::find_and_replace(text, "\n\n\n", "\n\n");
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string left = "  " + make_option_name(option, is_positional);
  left = left.substr(0, left.find('{'));  // the value of a flag that is given none
  const bool flag = option->get_type_size() == 0;
  const std::string& value = option->get_type_name();
  if (!is_positional && !value.empty()) left += flag ? "[=" + value + "]" : " " + value;
  std::string text;
  // What does not fit on the left has a line of its own.
  if (left.size() + 2 > kLeft) {
    text = left + "\n";
    left.clear();
  }
  for (const std::string& line : wrapped(option->get_description(), kWidth - kLeft)) {
    text += fmt::format("{:<{}}{}\n", left, kLeft, line);
    left.clear();
  }
  return text;
}

}  // namespace sealos::cli
