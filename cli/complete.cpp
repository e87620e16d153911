// sealos __complete, which the completions of bash, zsh and fish ask. Each line is a word that may
// stand at the cursor, a tab, and what it means; lines that begin with a colon tell the shell what
// else it has to do: ":files" and ":folders" (complete those itself), ":nospace".
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/language.hpp"

namespace sealos::cli {
namespace {

namespace fs = std::filesystem;

/// Values of flags whose kind of value does not list them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kValues = {
    {{"compression-format", "gzip|zstd|zstd:chunked|none"},
     {"add-compression", "gzip|zstd|zstd:chunked"},
     {"format", "oci|v2s2|v2s1"},
     {"report", "json|json="},
     {"retry-on", "network|5xx"},
     {"platform", "linux/amd64|linux/arm64|linux/arm/v7|linux/riscv64|linux/s390x|linux/ppc64le"},
     {"encryption-key", "jwe:|pkcs7:|pgp:|provider:"}}};

bool takes_value(const CLI::Option& option) {
  return option.get_type_size() != 0 && option.get_expected_min() != 0;
}

/// In either language.
bool is_kind(std::string_view of_flag, std::string_view kind) {
  return of_flag == kind || of_flag == chinese(kind, kind);
}

class Completion {
 public:
  Completion(const CLI::App& app, const std::vector<std::string>& words) : command_(&app) {
    for (size_t i = 0; i + 1 < words.size(); ++i) walk(words[i]);
    current_ = words.empty() ? "" : words.back();
  }

  void run() {
    if (open_flag_ != nullptr) return values_of(*open_flag_, "", current_);
    const size_t equals = current_.find('=');
    if (current_.starts_with("--") && equals != std::string::npos) {
      const CLI::Option* flag = command_->get_option_no_throw(current_.substr(0, equals));
      if (flag != nullptr)
        values_of(*flag, current_.substr(0, equals + 1), current_.substr(equals + 1));
      return;
    }
    if (current_.starts_with('-')) return flags();
    commands();
    if (command_->get_subcommands({}).empty()) positional();
  }

 private:
  /// A word before the cursor.
  void walk(const std::string& word) {
    if (open_flag_ != nullptr) {
      open_flag_ = nullptr;
    } else if (word.size() > 1 && word.starts_with('-')) {
      const CLI::Option* flag = command_->get_option_no_throw(word);
      if (flag != nullptr && takes_value(*flag)) open_flag_ = flag;
    } else if (const auto below = command_->get_subcommands(
                   [&](const CLI::App* sub) { return sub->get_name() == word; });
               !below.empty()) {
      command_ = below.front();
    } else {
      arguments_.push_back(word);
    }
  }

  void offer(std::string_view word, std::string_view meaning = "") const {
    if (word.starts_with(current_)) fmt::print("{}\t{}\n", word, meaning);
  }

  void flags() const {
    for (const CLI::Option* option : command_->get_options()) {
      if (option->get_positional()) continue;
      for (const std::string& name : option->get_lnames())
        offer("--" + name, option->get_description());
      for (const std::string& name : option->get_snames())
        offer("-" + name, option->get_description());
    }
  }

  void commands() const {
    for (const CLI::App* sub : command_->get_subcommands({})) {
      offer(sub->get_name(), sub->get_description());
    }
  }

  void values_of(const CLI::Option& flag, const std::string& before,
                 const std::string& typed) const {
    const std::string name = flag.get_single_name();
    const std::string kind = flag.get_type_name();
    std::string_view list = kind;
    if (is_kind(list, "FILE")) return command(":files");
    if (is_kind(list, "DIR")) return command(":folders");
    if (name == "option") return options(before);
    if (name == "isolate") return plugins(before);
    const auto* known = std::find_if(kValues.begin(), kValues.end(),
                                     [&](const auto& row) { return row.first == name; });
    if (known != kValues.end()) {
      list = known->second;
    } else if (list.find('|') == std::string_view::npos) {
      return;
    }
    // The last one of a list with commas.
    const size_t comma = typed.rfind(',');
    const std::string done =
        before + (comma == std::string::npos ? "" : typed.substr(0, comma + 1));
    while (!list.empty()) {
      const std::string_view one = list.substr(0, list.find('|'));
      offer(done + std::string(one));
      if (one.ends_with(':') || one.ends_with('=')) command(":nospace");
      list.remove_prefix(std::min(list.size(), one.size() + 1));
    }
  }

  /// What can be isolated.
  void plugins(const std::string& before) const {
    const Context context(0);
    offer(before + "all");
    for (const PluginManifest& plugin : context.catalog.plugins()) {
      for (const std::string& name : plugin.transports) offer(before + name);
    }
  }

  /// Options of the transports that were named, or of all.
  void options(const std::string& before) const {
    Context context(0);
    for (const PluginManifest& plugin : context.catalog.plugins()) {
      for (const std::string& name : plugin.transports) {
        const bool named =
            std::any_of(arguments_.begin(), arguments_.end(),
                        [&](const std::string& word) { return word.starts_with(name + ":"); });
        if (!named && !arguments_.empty()) continue;
        for (const auto& [key, meaning] : context.loader.transport(name).options()) {
          offer(before + key + "=", meaning);
        }
      }
    }
    command(":nospace");
  }

  void positional() const {
    const auto arguments =
        command_->get_options([](const CLI::Option* option) { return option->get_positional(); });
    if (arguments_.size() >= arguments.size()) return;
    const std::string kind = arguments[arguments_.size()]->get_name(true);
    if (kind == "FILE" || kind == "PLUGIN") return command(":files");
    if (kind != "REGISTRY" && kind != "NAME") images();
  }

  /// A transport, an image of this machine, or the path behind a transport.
  void images() const {
    Context context(0);
    const size_t colon = current_.find(':');
    const std::string typed = current_.substr(0, std::min(colon, current_.size()));
    const PluginManifest* plugin =
        colon == std::string::npos ? nullptr : context.catalog.find(typed);
    if (plugin == nullptr) {
      for (const PluginManifest& one : context.catalog.plugins()) {
        for (const std::string& name : one.transports)
          offer(name + (name == "docker" ? "://" : ":"));
      }
      names(context, "containers-storage", "");
    } else if (!names(context, typed, typed + ":")) {
      paths(typed + ":", current_.substr(colon + 1));
    }
    command(":nospace");
  }

  /// The images that the transport has here; false where it cannot tell.
  bool names(Context& context, const std::string& transport, const std::string& before) const {
    try {
      const auto all = context.loader.transport(transport).list_names(context.services);
      for (const std::string& name : all) offer(before + name);
      return !all.empty();
    } catch (const Error&) {
      return false;  // it is not here, or its store cannot be read: then there is nothing to offer
    }
  }

  void paths(const std::string& before, const std::string& typed) const {
    const size_t slash = typed.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : typed.substr(0, slash + 1);
    std::error_code error;
    for (fs::directory_iterator at(folder.empty() ? "." : folder, error), end; !error && at != end;
         at.increment(error)) {
      const std::string name = at->path().filename();
      if (name.starts_with('.') && typed.size() == folder.size()) continue;
      std::error_code unknown;
      offer(before + folder + name + (at->is_directory(unknown) ? "/" : ""));
    }
  }

  static void command(std::string_view what) { fmt::print("{}\n", what); }

  const CLI::App* command_;
  const CLI::Option* open_flag_ = nullptr;  ///< whose value is at the cursor
  std::vector<std::string> arguments_;
  std::string current_;
};

}  // namespace

int run_complete(const CLI::App& app, const std::vector<std::string>& words) {
  Completion(app, words).run();
  return kOk;
}

}  // namespace sealos::cli
