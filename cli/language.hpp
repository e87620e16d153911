// The language of --help.
#pragma once

#include <CLI/CLI.hpp>
#include <string_view>

namespace sealos::cli {

enum class Language { english, chinese };

/// What LC_ALL, LC_MESSAGES and LANG ask for, in this order; the first that is set counts. Chinese
/// is written in UTF-8, so that a locale with another character set gets English.
Language language_of(const char* lc_all, const char* lc_messages, const char* lang);
Language language_of_process();

/// The Chinese of a text that is in the table; the text itself where it is not. `key` says what it
/// is: "push" for the summary of a command, "push --all" for a flag, "push IMAGE" for an argument,
/// "push examples"; flags that mean the same everywhere may stand as "* --verbose". Headings and
/// kinds of values are their own keys.
std::string_view chinese(std::string_view key, std::string_view english);

/// Puts all texts of the command and of those below it into Chinese.
void to_chinese(CLI::App& app);

}  // namespace sealos::cli
