#include "cli/language.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <string>

#include "cli/chinese_texts.hpp"

namespace sealos::cli {
namespace {

bool is_set(const char* value) { return value != nullptr && *value != 0; }

const char* find(std::string_view key) {
  const auto* at = std::find_if(std::begin(kChineseTexts), std::end(kChineseTexts),
                                [&](const ChineseText& text) { return key == text.key; });
  return at == std::end(kChineseTexts) ? nullptr : at->text;
}

/// "sealos" has no name before its flags; what is below a command has the names of all.
std::string path_of(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "sealos";
  const std::string above = path_of(*app.get_parent());
  return above == "sealos" ? app.get_name() : above + " " + app.get_name();
}

}  // namespace

Language language_of(const char* lc_all, const char* lc_messages, const char* lang) {
  std::string_view locale;
  for (const char* value : {lc_all, lc_messages, lang}) {
    if (locale.empty() && is_set(value)) locale = value;
  }
  if (!locale.starts_with("zh")) return Language::english;
  std::string set(locale.substr(std::min(locale.find('.'), locale.size())));
  set = set.substr(0, set.find('@'));
  std::transform(set.begin(), set.end(), set.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return set.empty() || set == ".utf-8" || set == ".utf8" ? Language::chinese : Language::english;
}

Language language_of_process() {
  return language_of(std::getenv("LC_ALL"), std::getenv("LC_MESSAGES"), std::getenv("LANG"));
}

std::string_view chinese(std::string_view key, std::string_view english) {
  const char* text = find(key);
  if (text == nullptr && key.find(' ') != std::string_view::npos)
    text = find("*" + std::string(key.substr(key.rfind(' '))));
  return text == nullptr ? english : std::string_view(text);
}

void to_chinese(CLI::App& app) {
  const std::string path = path_of(app);
  const auto put = [](const std::string& key, const std::string& english) {
    return std::string(chinese(key, english));
  };
  app.group(put(app.get_group(), app.get_group()));
  app.description(put(path, app.get_description()));
  if (!app.get_footer().empty()) app.footer(put(path + " examples", app.get_footer()));
  for (CLI::Option* option : app.get_options()) {
    const std::string name =
        option->get_positional() ? option->get_name(true) : option->get_single_name();
    option->description(
        put(path + (option->get_positional() ? " " : " --") + name, option->get_description()));
    option->group(put(option->get_group(), option->get_group()));
    option->type_name(put(option->get_type_name(), option->get_type_name()));
  }
  for (CLI::App* below : app.get_subcommands({})) to_chinese(*below);
}

}  // namespace sealos::cli
