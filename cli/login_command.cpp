#include <fmt/format.h>

#include <memory>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/credentials.hpp"
#include "cli/exit_code.hpp"
#include "cli/isolation.hpp"
#include "cli/registries.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "core/config/credentials.hpp"
#include "core/config/login.hpp"
#include "core/config/secret.hpp"

namespace sealos::cli {
namespace {

std::optional<std::string> named(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

class LoginCommand {
 public:
  explicit LoginCommand(const LoginOptions& options)
      : options_(options),
        context_(options.verbose),
        signals_(context_.cancel),
        registries_(std::make_shared<const LazyRegistries>(environment(context_))) {
    use_registries(context_.hooks, registries_);
  }

  void run() {
    check_options();
    isolate_plugins(context_.loader, options_.isolate);
    scope_ = scope();
    const auto known = finder().find(scope_);
    if (options_.get_login) return show_login(known);
    const bool nothing_given = !options_.username && !options_.password && !options_.password_stdin;
    if (known && nothing_given && still_right(*known)) {
      fmt::print("Already logged in to {} as {}\n", scope_, known->username);
      return;
    }
    sdk::Credentials login = ask(known ? known->username : "");
    const config::WipeAtEnd wiped(login.password);
    check(login);
    const std::string place = logins().save(scope_, login);
    context_.hooks.log(SEALOS_LOG_INFO, fmt::format("the login is kept in {}", place));
    fmt::print("Login Succeeded!\n");
  }

 private:
  static config::Environment environment(const Context& context) {
    config::Environment environment = config::Environment::of_process();
    environment.log = context.hooks.log;
    return environment;
  }

  void check_options() const {
    if (options_.password_stdin && !options_.username)
      throw Error(Status::invalid, "--password-stdin needs --username");
    if (options_.password_stdin && options_.password)
      throw Error(Status::invalid, "--password and --password-stdin exclude each other");
    if (options_.tls_verify && *options_.tls_verify != "true" && *options_.tls_verify != "false")
      throw Error(Status::invalid, fmt::format("--tls-verify is true or false, not \"{}\"",
                                               printable(*options_.tls_verify)));
  }

  std::string scope() const {
    if (!options_.registry.empty()) return config::Logins::normal_scope(options_.registry);
    const auto& search = registries_->get().search();
    if (search.empty())
      throw Error(Status::invalid,
                  "REGISTRY is missing, and registries.conf has no unqualified-search-registries");
    return config::Logins::normal_scope(search.front());
  }

  config::CredentialFinder finder() const {
    config::CredentialOptions wanted;
    // A file that does not exist yet is made by the login.
    wanted.authfile = named(options_.authfile);
    if (wanted.authfile && !config::read_file_if_there(*wanted.authfile)) wanted.no_creds = true;
    wanted.helpers = [this] { return registries_->get().credential_helpers(); };
    return config::CredentialFinder(std::move(wanted), registries_->environment());
  }

  config::Logins logins() const {
    return config::Logins(named(options_.authfile), registries_->get().credential_helpers(),
                          registries_->environment());
  }

  void show_login(const std::optional<sdk::Credentials>& known) const {
    if (!known) throw Error(Status::unauthenticated, fmt::format("not logged into {}", scope_));
    fmt::print("{}\n", known->username);
  }

  sdk::Credentials ask(const std::string& known_name) const {
    sdk::Credentials login;
    if (options_.username) {
      login.username = *options_.username;
    } else {
      const std::string hint =
          known_name.empty() ? "" : fmt::format(" ({})", printable(known_name));
      login.username = ask_on_terminal(fmt::format("Username{}: ", hint), true);
      if (login.username.empty()) login.username = known_name;
    }
    if (login.username.empty()) throw Error(Status::invalid, "the user name is empty");
    if (login.username.find(':') != std::string::npos)
      throw Error(Status::invalid, "a user name has no colon in it");
    if (options_.password) {
      login.password = *options_.password;
    } else if (options_.password_stdin) {
      login.password = read_secret_from_stdin();
    } else {
      login.password = ask_on_terminal("Password: ", false);
    }
    if (login.password.empty()) throw Error(Status::invalid, "the password is empty");
    return login;
  }

  /// Throws unless the registry takes it.
  void check(const sdk::Credentials& login) {
    Hooks hooks = context_.hooks;
    hooks.credentials = [&](const std::string&) { return std::optional(login); };
    std::map<std::string, std::string> settings;
    if (options_.tls_verify) settings["tls-verify"] = *options_.tls_verify;
    if (!options_.cert_dir.empty()) settings["cert-dir"] = options_.cert_dir;
    const Services services(hooks, context_.cancel, std::move(settings));
    context_.loader.transport("docker").check_login(services, scope_);
  }

  bool still_right(const sdk::Credentials& login) {
    try {
      check(login);
      return true;
    } catch (const Error& e) {
      if (e.status() != Status::unauthenticated) throw;
      context_.hooks.log(SEALOS_LOG_INFO, "the login that is known is refused: " + e.message());
      return false;
    }
  }

  const LoginOptions& options_;
  Context context_;
  SignalGuard signals_;
  std::shared_ptr<const LazyRegistries> registries_;
  std::string scope_;
};

}  // namespace

CLI::App* add_login(CLI::App& app, LoginOptions& o) {
  CLI::App* login = app.add_subcommand("login", "Log in to a registry, and keep the login");
  login->add_option("REGISTRY", o.registry,
                    "HOST[:PORT][/PATH]. Default: the first of unqualified-search-registries in "
                    "registries.conf");
  login->add_option("--authfile", o.authfile, "File to keep the login in")->type_name("FILE");
  login
      ->add_option("--cert-dir", o.cert_dir,
                   "Folder with *.crt (authorities), *.cert and *.key (client certificates)")
      ->type_name("DIR");
  login->add_flag("--get-login", o.get_login, "Show the user name that is logged in");
  login
      ->add_option("-p,--password", o.password,
                   "Password; others on this machine may see it, --password-stdin is safer")
      ->type_name("PASSWORD");
  login->add_flag("--password-stdin", o.password_stdin, "Take the password from stdin");
  login->add_flag("--tls-verify{true}", o.tls_verify,
                  "Demand HTTPS and a valid certificate. Default: true; false also allows HTTP");
  login->add_option("-u,--username", o.username, "User name")->type_name("NAME");
  add_isolate_flag(*login, o.isolate);
  login->add_flag("-v,--verbose", o.verbose, "Say more; twice: protocol detail");
  return login;
}

int run_login(const LoginOptions& options) {
  try {
    LoginCommand(options).run();
    return kOk;
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, Side::neither);
  }
}

}  // namespace sealos::cli
