#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <exception>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "core/host/install_paths.hpp"

namespace {

using namespace sealos::cli;

/// What nobody else on this machine should read in the list of processes.
void hide_secrets(int argc, char** argv, const PushOptions& push, const LoginOptions& login) {
  for (const auto& secret : {push.creds, push.source.creds, push.target.creds, login.password})
    if (secret) hide_in_arguments(argc, argv, *secret);
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
  TransportsOptions transports_options;
  CLI::App* transports =
      app.add_subcommand("transports", "List the transports, what they can do, and their plugins");
  transports->add_flag("--json", transports_options.json, "As JSON");
  transports->add_flag("-v,--verbose", transports_options.verbose, "With their options");
  RecipientsOptions recipients_options;
  VerifyOptions verify_options;
  const CLI::App* verify = add_verify(app, verify_options);
  const CLI::App* recipients = add_recipients(app, recipients_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    show_error(e.what());
    return kUsage;
  }
  hide_secrets(argc, argv, push_options, login_options);
  hide_secrets(argc, argv, recipients_options.push, login_options);
  hide_secrets(argc, argv, verify_options.push, login_options);
  if (verify->parsed()) return run_verify(verify_options);
  if (recipients->parsed()) return run_recipients(recipients_options);
  if (login->parsed()) return run_login(login_options);
  if (logout->parsed()) return run_logout(logout_options);
  if (push->parsed()) return run_push(push_options);
  if (transports->parsed()) return run_transports(transports_options);
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  int code = kOk;
  try {
    if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
      std::printf("sealos %s\n", sealos::kVersion);
    } else {
      code = run(argc, argv);
    }
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
