// sealos plugin new: the SDK's template under another name.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "core/host/plugin_catalog.hpp"
#include "core/install/install_paths.hpp"
#include "core/install/program_folder.hpp"
#include "core/reference/location.hpp"
#include "support/file/file.hpp"

namespace sealos::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxName = 40, kMaxFile = 1 << 20;
constexpr std::string_view kTemplateName = "shelf";
constexpr const char* kNewExamples =
    "Examples:\n"
    "  sealos plugin new my-store\n"
    "  cmake -S my-store -B my-store/build && cmake --build my-store/build\n"
    "  SEALOS_PLUGIN_PATH=$PWD/my-store/build/plugins sealos transports\n"
    "\n"
    "man sealos-plugin explains what was written.\n";

void check_name(const std::string& name, const PluginCatalog& catalog) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto may_be_in_it = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
  };
  if (name.empty() || name.size() > kMaxName || !is_letter(name.front()) || name.back() == '-' ||
      !std::all_of(name.begin(), name.end(), may_be_in_it)) {
    throw Error(Status::invalid,
                fmt::format("\"{}\" is no name for a transport: at most {} lower-case letters, "
                            "digits and -, a letter first",
                            printable(name), kMaxName));
  }
  if (is_shipped_transport(name) || catalog.find(name) != nullptr)
    throw Error(Status::invalid, fmt::format("there is a transport {} already", name));
}

std::string replaced(std::string text, std::string_view from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A name of a file, or a part of one.
std::string as_file_name(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// The content of the new file: names of files in it as they are now, and the transport's name.
std::string renamed(std::string text, const std::string& name) {
  text = replaced(std::move(text), std::string(kTemplateName) + "_", as_file_name(name) + "_");
  return replaced(std::move(text), kTemplateName, name);
}

std::vector<fs::path> template_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file()) files.push_back(at->path());
  }
  if (files.empty()) {
    throw Error(
        Status::unsupported,
        fmt::format("there is no template in {}; install package sealos-sdk", folder.string()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void write_new(const fs::path& path, const std::string& text) {
  const Fd file = open_at(AT_FDCWD, path.string(), O_WRONLY | O_CREAT | O_EXCL, 0666);
  write_all(file.get(), text, path.string());
}

void write_plugin(const PluginNewOptions& options) {
  const PluginCatalog catalog = PluginCatalog::scan(PluginCatalog::standard_folders());
  check_name(options.name, catalog);
  const fs::path from = (fs::path(program_folder()) / kTemplateFromProgram).lexically_normal();
  const std::vector<fs::path> files = template_files(from);
  const fs::path to = options.directory.empty() ? options.name : options.directory;
  if (::mkdir(to.c_str(), 0777) != 0) {
    const int code = errno;
    throw Error(code == EEXIST ? Status::invalid : Status::io,
                fmt::format("making the folder {}: {}", printable(to.string()),
                            std::generic_category().message(code)));
  }
  for (const fs::path& file : files) {
    const std::string name = replaced(file.filename(), kTemplateName, as_file_name(options.name));
    const Fd fd = open_at(AT_FDCWD, file.string(), O_RDONLY);
    write_new(to / name, renamed(read_all(fd.get(), file.string(), kMaxFile), options.name));
    fmt::print("{}\n", (to / name).string());
  }
}

}  // namespace

CLI::App* add_plugin(CLI::App& app, PluginNewOptions& o) {
  CLI::App* plugin = app.add_subcommand("plugin", "Write plugins");
  plugin->require_subcommand(1);
  CLI::App* made = plugin->add_subcommand(
      "new", "Write the source of a new transport, as something to start from");
  made->add_option("NAME", o.name, "Of the transport: lower-case letters, digits and -")
      ->required();
  made->add_option("-d,--directory", o.directory, "Where to write it. Default: NAME, here")
      ->type_name("DIR");
  made->footer(kNewExamples);
  return made;
}

int run_plugin_new(const PluginNewOptions& options) {
  try {
    write_plugin(options);
    return kOk;
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, Side::neither);
  }
}

}  // namespace sealos::cli
