#include "cli/help_formatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <sstream>

#include "cli/language.hpp"

namespace sealos::cli {
namespace {

constexpr size_t kWidth = 80, kLeft = 30;
/// A screen has 24 lines; a command with more flags than this does not fit.
constexpr size_t kFlags = 10;

/// What --help of a command shows that has more flags than a screen has lines.
constexpr std::array<std::string_view, 9> kMostUsed = {"all",     "platform", "compression-format",
                                                       "creds",   "json",     "tls-verify",
                                                       "dry-run", "help",     "help-all"};

/// The length of the character that begins with this byte.
size_t length_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte >> 5 == 6 ? 2 : byte >> 4 == 14 ? 3 : 4;
}

/// Of three bytes, in the texts that there are: an ideograph, or its punctuation.
bool is_wide(std::string_view character) { return character.size() == 3; }

bool ends_a_clause(std::string_view character) {
  static constexpr std::array<std::string_view, 8> kEnds = {"，", "。", "；", "：",
                                                            "、", "）", "”",  "》"};
  return std::find(kEnds.begin(), kEnds.end(), character) != kEnds.end();
}

/// What is not broken: a word, or a wide character with what ends a clause behind it.
struct Unit {
  std::string text;
  bool after_space = false;
};

std::vector<Unit> units_of(std::string_view text) {
  std::vector<Unit> units;
  bool space = false, open = false;  // open: the last unit is a word that may go on
  for (size_t i = 0; i < text.size();) {
    const std::string_view c = text.substr(i, length_of(text[i]));
    i += c.size();
    if (c == " " || c == "\n") {
      space = true;
      open = false;
    } else if (!units.empty() && !space && ends_a_clause(c)) {
      units.back().text += c;
      open = false;
    } else if (is_wide(c) || !open) {
      units.push_back({std::string(c), space});
      open = !is_wide(c) || c == "（" || c == "“";
      space = false;
    } else {
      units.back().text += c;
    }
  }
  return units;
}

std::string without_empty_twins(std::string text) {
  while (text.find("\n\n\n") != std::string::npos)
    text = CLI::detail::find_and_replace(std::move(text), "\n\n\n", "\n\n");
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

/// A text up to the first of these marks.
std::string until(const std::string& text, std::initializer_list<const char*> marks) {
  size_t end = text.size();
  for (const char* mark : marks) end = std::min(end, text.find(mark));
  return text.substr(0, end);
}

/// What a text says first: without what is in brackets, or about defaults.
std::string beginning_of(const std::string& text) {
  return until(text, {". ", " (", "；", "，默认", "（", "。"});
}

/// The first two of the examples.
std::string begin_of_footer(const std::string& footer) {
  size_t end = 0;
  for (int lines = 0; lines < 3 && end != std::string::npos; ++lines)
    end = footer.find('\n', end + 1);
  return footer.substr(0, end) + "\n";
}

bool is_most_used(const CLI::Option& option) {
  if (option.get_required()) return true;
  const std::string name = option.get_single_name();
  return std::find(kMostUsed.begin(), kMostUsed.end(), name) != kMostUsed.end();
}

std::string flag_line(std::string left, const std::string& description) {
  std::string text;
  if (columns(left) + 2 > kLeft) {  // a line of its own
    text = left + "\n";
    left.clear();
  }
  for (const std::string& line : wrapped(description, kWidth - kLeft)) {
    text += left + std::string(kLeft - columns(left), ' ') + line + "\n";
    left.clear();
  }
  return text;
}

std::string below(const std::string& heading, const std::string& text) {
  return text.empty() ? "" : "\n" + heading + ":\n" + text;
}

/// With what stands around the flags, in the user's language.
std::shared_ptr<HelpFormatter> make_formatter() {
  const bool chinese = language_of_process() == Language::chinese;
  const auto formatter = std::make_shared<HelpFormatter>();
  for (const auto& [label, english, translated] :
       {std::array{"Usage", "Usage", "用法"}, std::array{"OPTIONS", "FLAGS", "参数"},
        std::array{"Positionals", "Arguments", "位置参数"},
        std::array{"SUBCOMMAND", "COMMAND", "命令"}, std::array{"SUBCOMMANDS", "COMMANDS", "命令"},
        std::array{"Most used", "Flags that are used most", "最常用的参数"}}) {
    formatter->label(label, chinese ? translated : english);
  }
  return formatter;
}

void prepare(CLI::App& app, const std::shared_ptr<HelpFormatter>& formatter) {
  for (CLI::App* command : app.get_subcommands({})) prepare(*command, formatter);
  app.formatter(formatter);
  if (app.get_parent() != nullptr) app.group("Commands");
  app.set_help_flag();  // so that it is the last one
  app.option_defaults()->group(app.get_options().empty() ? "Options"
                                                         : app.get_options().back()->get_group());
  app.set_help_flag("-h,--help", "This text");
  if (app.get_subcommands({}).empty() && app.get_options().size() > kFlags + 1) {
    app.set_help_flag();
    app.set_help_flag("-h,--help", "The flags used most, and examples");
    app.set_help_all_flag("--help-all", "All flags");
  }
}

}  // namespace

size_t columns(std::string_view text) {
  size_t sum = 0;
  for (size_t i = 0; i < text.size(); i += length_of(text[i])) {
    sum += is_wide(text.substr(i, length_of(text[i]))) ? 2 : 1;
  }
  return sum;
}

std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines{""};
  for (const Unit& unit : units_of(text)) {
    std::string& last = lines.back();
    const size_t gap = unit.after_space ? 1 : 0;
    if (last.empty()) {
      last = unit.text;
    } else if (columns(last) + gap + columns(unit.text) <= width) {
      last += (gap == 0 ? "" : " ") + unit.text;
    } else {
      lines.push_back(unit.text);
    }
  }
  return lines;
}

std::string HelpFormatter::name_of(const CLI::Option& option, bool is_positional) const {
  std::string left = "  " + make_option_name(&option, is_positional);
  left = left.substr(0, left.find('{'));  // the value of a flag that is given none
  const bool flag = option.get_expected_min() == 0;
  const std::string& value = option.get_type_name();
  if (!is_positional && !value.empty()) left += flag ? "[=" + value + "]" : " " + value;
  return left;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  return flag_line(name_of(*option, is_positional), option->get_description());
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  std::string text;
  std::istringstream paragraphs(app->get_description());
  for (std::string paragraph; std::getline(paragraphs, paragraph);) {
    for (const std::string& line : wrapped(paragraph, kWidth)) text += line + "\n";
  }
  return text;
}

std::string HelpFormatter::make_subcommand(const CLI::App* sub) const {
  std::string text = sub->get_description();
  if (columns(text) > kWidth - kLeft)
    text = until(text, {"\n", ". ", ": ", ", ", "。", "：", "，"});
  return flag_line("  " + sub->get_name(), text);
}

std::string HelpFormatter::all_of(const CLI::App& app, const std::string& name) const {
  return make_description(&app) + make_usage(&app, name) + make_positionals(&app) +
         make_groups(&app, CLI::AppFormatMode::Normal) +
         make_subcommands(&app, CLI::AppFormatMode::Normal) + "\n" + app.get_footer();
}

std::string HelpFormatter::most_used_of(const CLI::App& app, const std::string& name) const {
  std::string arguments, flags;
  for (const CLI::Option* option : app.get_options()) {
    const std::string text = beginning_of(option->get_description());
    if (option->get_positional()) {
      arguments += flag_line(name_of(*option, true), text);
    } else if (is_most_used(*option)) {
      flags += flag_line(name_of(*option, false), text);
    }
  }
  return make_description(&app) + make_usage(&app, name) +
         below(get_label("Positionals"), arguments) + below(get_label("Most used"), flags) + "\n" +
         begin_of_footer(app.get_footer());
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  const bool most_used = mode == CLI::AppFormatMode::Normal && app->get_help_all_ptr() != nullptr;
  return without_empty_twins(most_used ? most_used_of(*app, name) : all_of(*app, name));
}

void prepare_help(CLI::App& app) {
  prepare(app, make_formatter());
  if (language_of_process() == Language::chinese) to_chinese(app);
}

}  // namespace sealos::cli
