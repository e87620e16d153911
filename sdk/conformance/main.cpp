// sealos-conformance: whether a plugin keeps the rules of the ABI.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "report.hpp"
#include "runner.hpp"

namespace {

using namespace sealos::conformance;

constexpr const char* kHelp =
    R"(sealos-conformance [OPTIONS] PLUGIN.so
Tries whether a plugin keeps the rules of the ABI, each case in a process of its own.

  -r, --reference TEMPLATE  a place where images may be written and read, with {dir} for
                            an empty folder and {name} for a name, both new for each case:
                            -r 'shelf:{dir}/x:{name}'. One for each transport to try
  -s, --source REFERENCE    an image that is there, for transports that only read
  -o, --option KEY=VALUE    an option of a transport
      --creds USER:PASSWORD credentials, for every registry that is asked for
      --case NAME           only this case; several times
      --big MIB             size of the blob of write-big-blob (64)
      --timeout SECONDS     what a case may take (60)
      --json                the results as JSON
      --list                the cases, and what each one means
      --help, --version

Exit code: 0 nothing failed, 1 something failed, crashed or took too long, 2 usage.
Results: passed; skipped (the plugin does not have it, or no place was given); warned
(right, but not good); failed; crashed; timed out.
)";

struct UsageError {
  std::string why;
};

struct CommandLine {
  Options options;
  std::string child, child_transport;
  bool help = false, version = false;
};

std::int64_t number(const std::string& text, const std::string& flag) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0 || value > 1 << 20)
    throw UsageError{flag + " needs a number"};
  return value;
}

void add_option(Options& options, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) throw UsageError{"-o needs KEY=VALUE"};
  options.options[text.substr(0, equals)] = text.substr(equals + 1);
}

/// Whether it was a flag that needs no value.
bool take_switch(CommandLine& line, const std::string& flag) {
  if (flag == "--json") return line.options.json = true;
  if (flag == "--list") return line.options.list = true;
  if (flag == "--help" || flag == "-h") return line.help = true;
  if (flag == "--version") return line.version = true;
  return false;
}

void take_value(CommandLine& line, const std::string& flag, const std::string& value) {
  Options& options = line.options;
  if (flag == "-r" || flag == "--reference") {
    options.references.push_back(value);
  } else if (flag == "-s" || flag == "--source") {
    options.sources.push_back(value);
  } else if (flag == "-o" || flag == "--option") {
    add_option(options, value);
  } else if (flag == "--creds") {
    options.credentials = value;
  } else if (flag == "--case") {
    options.cases.push_back(value);
  } else if (flag == "--big") {
    options.big = number(value, flag) << 20;
  } else if (flag == "--timeout") {
    options.timeout = static_cast<unsigned>(number(value, flag));
  } else if (flag == "--child") {
    line.child = value;
  } else if (flag == "--child-transport") {
    line.child_transport = value;
  } else {
    throw UsageError{"there is no flag " + flag};
  }
}

CommandLine parse(const std::vector<std::string>& arguments) {
  CommandLine line;
  std::string& plugin = line.options.plugin;
  for (size_t i = 1; i < arguments.size(); ++i) {
    std::string flag = arguments[i], value;
    if (!flag.starts_with('-')) {
      if (!plugin.empty()) throw UsageError{"there is more than one plugin"};
      plugin = flag;
      continue;
    }
    if (take_switch(line, flag)) continue;
    const size_t equals = flag.starts_with("--") ? flag.find('=') : std::string::npos;
    if (equals != std::string::npos) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    } else {
      if (++i == arguments.size()) throw UsageError{flag + " needs a value"};
      value = arguments[i];
    }
    take_value(line, flag, value);
  }
  return line;
}

void check(CommandLine& line) {
  Options& options = line.options;
  if (options.plugin.empty()) throw UsageError{"no plugin is named"};
  if (!std::filesystem::exists(options.plugin)) throw UsageError{options.plugin + " is not there"};
  options.plugin = std::filesystem::absolute(options.plugin);
  try {
    for (const auto& text : options.references) Place::parse(text);
    for (const auto& text : options.sources) Place::parse(text);
  } catch (const Failure& e) {
    throw UsageError{e.why};
  }
  const auto cases = all_cases();
  for (const std::string& name : options.cases) {
    const auto same = [&](const Case& one) { return one.name == name; };
    if (std::none_of(cases.begin(), cases.end(), same))
      throw UsageError{"there is no case " + name + "; see --list"};
  }
}

int run(const std::vector<std::string>& arguments) {
  CommandLine line = parse(arguments);
  const bool json = line.options.json;
  if (line.help) return std::fputs(kHelp, stdout), 0;
  if (line.version) return std::puts("sealos-conformance " SEALOS_VERSION), 0;
  if (line.options.list) return print_list(json), 0;
  check(line);
  if (!line.child.empty()) return run_child(line.options, line.child, line.child_transport);
  const auto rows = run_cases(line.options, arguments, json ? [](const Row&) {} : &print_row);
  json ? print_json(line.options, rows) : print_summary(rows);
  return all_good(rows) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv, argv + argc});
  } catch (const UsageError& e) {
    std::fputs(fmt::format("sealos-conformance: {}; see --help\n", e.why).c_str(), stderr);
    return 2;
  } catch (const Failure& e) {
    std::fputs(fmt::format("sealos-conformance: {}\n", e.why).c_str(), stderr);
    return 1;
  } catch (const std::exception& e) {
    std::fputs(fmt::format("sealos-conformance: {}\n", e.what()).c_str(), stderr);
    return 1;
  }
}
