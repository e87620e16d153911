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

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string left = "  " + make_option_name(option, is_positional);
  if (!is_positional && !option->get_type_name().empty() && option->get_type_size() != 0)
    left += " " + option->get_type_name();
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
