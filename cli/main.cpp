#include <malloc.h>
#include <openssl/crypto.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <exception>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/help_formatter.hpp"
#include "cli/isolation.hpp"
#include "cli/terminal.hpp"
#include "core/host/crash.hpp"
#include "core/install/install_paths.hpp"

namespace {

using namespace sealos::cli;

constexpr const char* kExamples =
    "Examples:\n"
    "  sealos push localhost/app:1 registry.example.com/team/app:1\n"
    "\n"
    "sealos COMMAND --help says more of each; so does man sealos.\n";

/// What nobody else on this machine should read in the list of processes.
void hide_secrets(int argc, char** argv,
                  std::initializer_list<std::optional<std::string>> secrets) {
  for (const auto& secret : secrets) {
    if (secret) hide_in_arguments(argc, argv, *secret);
  }
}

/// The command that is named first; "": none of those, so that all have to be known.
std::string_view named_first(int argc, char** argv) {
  for (const std::string_view name : {"push", "login", "logout", "tags", "delete", "cr",
                                      "transports", "verify", "recipients", "plugin"}) {
    if (argc > 1 && name == argv[1]) return name;
  }
  return "";
}

CLI::App* add_transports(CLI::App& app, TransportsOptions& options) {
  CLI::App* transports =
      app.add_subcommand("transports", "List the transports, what they can do, and their plugins");
  transports->add_flag("--json", options.json, "As JSON");
  add_isolate_flag(*transports, options.isolate);
  transports->add_flag("-v,--verbose", options.verbose, "With their options");
  return transports;
}

int run(int argc, char** argv) {
  CLI::App app{"Moves container images between registries, folders, archives and stores", "sealos"};
  app.set_version_flag("--version", std::string("sealos ") + sealos::kVersion);
  app.require_subcommand(1);
  // Hundreds of flags are made in a millisecond, so only those that can be meant.
  const std::string_view only = named_first(argc, argv);
  const auto add = [&](std::string_view name, auto* make, auto& options) -> const CLI::App* {
    return only.empty() || only == name ? make(app, options) : nullptr;
  };
  const auto asked = [](const CLI::App* command) {
    return command != nullptr && command->parsed();
  };
  PushOptions push_options;
  LoginOptions login_options;
  LogoutOptions logout_options;
  PlaceOptions tags_options, delete_options;
  CrOptions cr_options;
  TransportsOptions transports_options;
  VerifyOptions verify_options;
  RecipientsOptions recipients_options;
  PluginNewOptions plugin_options;
  const CLI::App* push = add("push", add_push, push_options);
  const CLI::App* login = add("login", add_login, login_options);
  const CLI::App* logout = add("logout", add_logout, logout_options);
  const CLI::App* tags = add("tags", add_tags, tags_options);
  const CLI::App* remove = add("delete", add_delete, delete_options);
  const CLI::App* cr = add("cr", add_cr, cr_options);
  const CLI::App* transports = add("transports", add_transports, transports_options);
  const CLI::App* verify = add("verify", add_verify, verify_options);
  const CLI::App* recipients = add("recipients", add_recipients, recipients_options);
  const CLI::App* plugin_new = add("plugin", add_plugin, plugin_options);
  app.footer(kExamples);
  prepare_help(app);
  if (argc > 1 && std::strcmp(argv[1], "__complete") == 0)
    return run_complete(app, {argv + 2, argv + argc});
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    show_error(e.what());
    return kUsage;
  }
  hide_secrets(argc, argv,
               {push_options.creds, push_options.source.creds, push_options.target.creds,
                login_options.password, tags_options.creds, delete_options.creds,
                cr_options.image.creds, recipients_options.push.creds, verify_options.push.creds});
  if (asked(verify)) return run_verify(verify_options);
  if (asked(recipients)) return run_recipients(recipients_options);
  if (asked(login)) return run_login(login_options);
  if (asked(logout)) return run_logout(logout_options);
  if (asked(cr)) return run_cr(cr_options);
  if (asked(push)) return run_push(push_options);
  if (asked(plugin_new)) return run_plugin_new(plugin_options);
  if (asked(tags)) return run_tags(tags_options);
  if (asked(remove)) return run_delete(delete_options);
  if (asked(transports)) return run_transports(transports_options);
  return kUsage;
}

}  // namespace

/// What the launcher calls.
extern "C" [[gnu::visibility("default")]] int sealos_main(int argc, char** argv) {
  int code = kOk;
  try {
    // Blocks of layers go back to the system when they are freed, instead of staying in one of the
    // heaps of many threads.
    ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
    // Nothing is left to clean up: its memory goes with the process.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    sealos::name_crashing_plugins();
    code = run(argc, argv);
  } catch (const std::exception& e) {
    show_error(e.what());
    return kInternal;
  }
  if (code == kOk && (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)) {
    show_error("writing to stdout failed");
    return kLocalIo;
  }
  return code;
}
