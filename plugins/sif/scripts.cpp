#include "scripts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sealos/sdk/error.hpp"

namespace sealos::sif {
namespace {

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string words(const std::vector<std::string>& from) {
  std::string out;
  for (const std::string& word : from) out += (out.empty() ? "" : " ") + shell_quoted(word);
  return out;
}

/// The scripts in actions/ source the environment first. Newer run times do that themselves and do
/// not use these.
constexpr const char* kSource =
    "#!/bin/sh\n"
    "for script in /.singularity.d/env/*.sh; do\n"
    "  if [ -f \"$script\" ]; then . \"$script\"; fi\n"
    "done\n";

const std::string kExec = std::string(kSource) + "exec \"$@\"\n";
const std::string kRun = std::string(kSource) +
                         "if [ -x /.singularity.d/runscript ]; then\n"
                         "  exec /.singularity.d/runscript \"$@\"\n"
                         "fi\n"
                         "exec /bin/sh \"$@\"\n";
const std::string kShell =
    std::string(kSource) +
    "if [ -n \"$SINGULARITY_SHELL\" ] && [ -x \"$SINGULARITY_SHELL\" ]; then\n"
    "  exec \"$SINGULARITY_SHELL\" \"$@\"\n"
    "elif [ -x /bin/bash ]; then\n"
    "  exec /bin/bash --norc \"$@\"\n"
    "fi\n"
    "exec /bin/sh \"$@\"\n";
const std::string kStart = "#!/bin/sh\nkill -CONT 1\n" + std::string(kSource).substr(10) +
                           "if [ -x /.singularity.d/startscript ]; then\n"
                           "  exec /.singularity.d/startscript \"$@\"\n"
                           "fi\n";
const std::string kTest = std::string(kSource) +
                          "if [ -x /.singularity.d/test ]; then\n"
                          "  exec /.singularity.d/test \"$@\"\n"
                          "fi\n"
                          "exit 0\n";

/// The run time sets variables of its user when it has sourced a file of this name.
constexpr const char* kBase =
    "#!/bin/sh\n"
    "if [ -z \"${LD_LIBRARY_PATH:-}\" ]; then\n"
    "  LD_LIBRARY_PATH=/.singularity.d/libs\n"
    "else\n"
    "  LD_LIBRARY_PATH=\"$LD_LIBRARY_PATH:/.singularity.d/libs\"\n"
    "fi\n"
    "PS1=\"${PS1:-Singularity> }\"\n"
    "export LD_LIBRARY_PATH PS1\n";

/// What the run time was asked to do with PATH.
constexpr const char* kRuntimeVariables =
    "#!/bin/sh\n"
    "if [ -n \"${SING_USER_DEFINED_PREPEND_PATH:-}\" ]; then\n"
    "  PATH=\"$SING_USER_DEFINED_PREPEND_PATH:$PATH\"\n"
    "fi\n"
    "if [ -n \"${SING_USER_DEFINED_APPEND_PATH:-}\" ]; then\n"
    "  PATH=\"$PATH:$SING_USER_DEFINED_APPEND_PATH\"\n"
    "fi\n"
    "if [ -n \"${SING_USER_DEFINED_PATH:-}\" ]; then\n"
    "  PATH=\"$SING_USER_DEFINED_PATH\"\n"
    "fi\n"
    "unset SING_USER_DEFINED_PREPEND_PATH SING_USER_DEFINED_APPEND_PATH SING_USER_DEFINED_PATH\n"
    "export PATH\n";

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += R"('"'"')";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string environment_script(const ImageConfig& config,
                               const std::function<void(const std::string&)>& warn) {
  std::string out = "#!/bin/sh\n";
  for (const std::string& one : config.environment) {
    const size_t equals = one.find('=');
    const std::string name = one.substr(0, equals);
    if (!is_variable_name(name)) {
      warn(fmt::format("the variable \"{}\" is left out: a shell cannot set it", printable(name)));
      continue;
    }
    if (equals == std::string::npos) {
      out += fmt::format("export {}\n", name);
      continue;
    }
    const std::string value = shell_quoted(one.substr(equals + 1));
    if (name == "PATH") {
      out += fmt::format("export PATH={}\n", value);
    } else {
      out += fmt::format("if [ -z \"${{{0}:-}}\" ]; then {0}={1}; export {0}; fi\n", name, value);
    }
  }
  return out;
}

std::string run_script(const ImageConfig& config) {
  std::string out = "#!/bin/sh\n";
  if (!config.command.empty())
    out += fmt::format("if [ $# -eq 0 ]; then set -- {}; fi\n", words(config.command));
  if (!config.entrypoint.empty())
    out += fmt::format("set -- {} \"$@\"\n", words(config.entrypoint));
  if (config.command.empty() && config.entrypoint.empty())
    out += "if [ $# -eq 0 ]; then set -- /bin/sh; fi\n";
  return out +
         "exec \"$@\"\n"
         "# Tells the run time to interpret this file itself, without /bin/sh; never reached.\n"
         "eval \"set ${SINGULARITY_OCI_RUN}\"\n";
}

std::string definition(std::string_view from, const ImageConfig& config,
                       const std::string& environment, const std::string& run) {
  std::string out = fmt::format("bootstrap: oci\nfrom: {}\n\n", from);
  for (const auto* words : {&config.environment, &config.entrypoint, &config.command}) {
    for (const std::string& word : *words) {
      if (word.find_first_of("\n\r") != std::string::npos) return out;
    }
  }
  const auto add = [&](std::string_view section, std::string_view script) {
    std::string lines;
    script.remove_prefix(script.find('\n') + 1);
    while (!script.empty()) {
      const std::string_view line = script.substr(0, script.find('\n'));
      script.remove_prefix(line.size() + 1);
      lines += fmt::format("    {}\n", line);
    }
    if (!lines.empty()) out += fmt::format("%{}\n{}\n", section, lines);
  };
  add("environment", environment);
  add("runscript", run.substr(0, run.find("# Tells")));
  return out;
}

const std::vector<FixedScript>& fixed_scripts() {
  static const std::vector<FixedScript> all = {
      {"actions/exec", kExec.c_str()},
      {"actions/run", kRun.c_str()},
      {"actions/shell", kShell.c_str()},
      {"actions/start", kStart.c_str()},
      {"actions/test", kTest.c_str()},
      {"env/01-base.sh", "#!/bin/sh\n# The image's environment follows in the other files.\n"},
      {"env/90-environment.sh", "#!/bin/sh\n# A place for an environment of one's own.\n"},
      {"env/94-appsbase.sh", ""},
      {"env/95-apps.sh", "#!/bin/sh\n# The image has no apps.\n"},
      {"env/99-base.sh", kBase},
      {"env/99-runtimevars.sh", kRuntimeVariables},
      {"startscript",
       "#!/bin/sh\n# The image says nothing about how to be started as a service.\n"}};
  return all;
}

}  // namespace sealos::sif
