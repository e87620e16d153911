// --help that fits a screen of 80 columns and 24 lines.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sealos::cli {

/// Flags on the left, what they mean on the right, wrapped at column 80. Where a command has more
/// flags than a screen has lines, its --help shows those that are used most, and --help-all all.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_subcommand(const CLI::App* sub) const override;

 private:
  std::string name_of(const CLI::Option& option, bool is_positional) const;
  std::string all_of(const CLI::App& app, const std::string& name) const;
  std::string most_used_of(const CLI::App& app, const std::string& name) const;
};

/// Gives the command and those below it this formatter, -h and --help, where it has more than a
/// screen --help-all, and the texts of the user's language. Called when all flags are there.
void prepare_help(CLI::App& app);

/// Text in lines of at most `width` columns; words longer than that are not broken. Chinese is
/// two columns a character and may be broken anywhere but before what ends a clause.
std::vector<std::string> wrapped(const std::string& text, size_t width);
/// Columns of a terminal that a text takes.
size_t columns(std::string_view text);

}  // namespace sealos::cli
