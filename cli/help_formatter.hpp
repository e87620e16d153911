// --help that fits a screen of 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sealos::cli {

/// Flags on the left, what they mean on the right, wrapped at column 80.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

/// Text in lines of at most `width` characters; words longer than that are not broken.
std::vector<std::string> wrapped(const std::string& text, size_t width);

}  // namespace sealos::cli
