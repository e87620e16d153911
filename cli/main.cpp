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
#include "core/host/install_paths.hpp"

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

int run(int argc, char** argv) {
  CLI::App app{"Moves container images between registries, folders, archives and stores", "sealos"};
  app.set_version_flag("--version", std::string("sealos ") + sealos::kVersion);
  app.require_subcommand(1);
  PushOptions push_options;
  const CLI::App* push = add_push(app, push_options);
  LoginOptions login_options;
  const CLI::App* login = add_login(app, login_options);
  LogoutOptions logout_options;
  const CLI::App* logout = add_logout(app, logout_options);
  PlaceOptions tags_options, delete_options;
  const CLI::App* tags = add_tags(app, tags_options);
  const CLI::App* remove = add_delete(app, delete_options);
  CrOptions cr_options;
  const CLI::App* cr = add_cr(app, cr_options);
  TransportsOptions transports_options;
  CLI::App* transports =
      app.add_subcommand("transports", "List the transports, what they can do, and their plugins");
  transports->add_flag("--json", transports_options.json, "As JSON");
  add_isolate_flag(*transports, transports_options.isolate);
  transports->add_flag("-v,--verbose", transports_options.verbose, "With their options");
  RecipientsOptions recipients_options;
  VerifyOptions verify_options;
  const CLI::App* verify = add_verify(app, verify_options);
  const CLI::App* recipients = add_recipients(app, recipients_options);
  PluginNewOptions plugin_options;
  const CLI::App* plugin_new = add_plugin(app, plugin_options);
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
  if (verify->parsed()) return run_verify(verify_options);
  if (recipients->parsed()) return run_recipients(recipients_options);
  if (login->parsed()) return run_login(login_options);
  if (logout->parsed()) return run_logout(logout_options);
  if (cr->parsed()) return run_cr(cr_options);
  if (push->parsed()) return run_push(push_options);
  if (plugin_new->parsed()) return run_plugin_new(plugin_options);
  if (tags->parsed()) return run_tags(tags_options);
  if (remove->parsed()) return run_delete(delete_options);
  if (transports->parsed()) return run_transports(transports_options);
  return kUsage;
}

}  // namespace

/// What the launcher calls.
extern "C" [[gnu::visibility("default")]] int sealos_main(int argc, char** argv) {
  int code = kOk;
  try {
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
