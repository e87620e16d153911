#include "definition_scripts.hpp"

namespace sealos::sif {
namespace {

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  const size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::string peer_script(std::string_view definition) {
  enum class Section { other, environment, run } section = Section::other;
  std::string environment, run;
  while (!definition.empty()) {
    const size_t end = std::min(definition.find('\n'), definition.size());
    const std::string_view line = trimmed(definition.substr(0, end));
    definition.remove_prefix(std::min(end + 1, definition.size()));
    if (line.starts_with("%")) {
      section = line.starts_with("%environment") ? Section::environment
                : line.starts_with("%runscript") ? Section::run
                                                 : Section::other;
    } else if (section == Section::environment && !line.empty() && !line.starts_with("#")) {
      environment += std::string(line) + "\n";
    } else if (section == Section::run) {
      run += std::string(line) + "\n";
    }
  }
  if (environment.empty() && run.empty()) return "";
  return "#!/bin/bash\n" + environment + run;
}

}  // namespace sealos::sif
