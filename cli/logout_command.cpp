#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/credentials.hpp"
#include "cli/exit_code.hpp"
#include "cli/registries.hpp"
#include "core/config/login.hpp"

namespace sealos::cli {
namespace {

/// A login that is kept where logout does not write.
[[noreturn]] void throw_still_known(const config::Logins& logins, const std::string& scope) {
  for (const config::LoginEntry& entry : logins.list()) {
    if (entry.scope == scope)
      throw Error(Status::unauthenticated,
                  fmt::format("the login to {} is in {}, which this does not change; remove it "
                              "with the tool that made it, or with --authfile",
                              scope, printable(entry.place)));
  }
  throw Error(Status::unauthenticated, fmt::format("not logged into {}", scope));
}

void logout(const LogoutOptions& o) {
  if (o.all && !o.registry.empty())
    throw Error(Status::invalid, "--all and REGISTRY exclude each other");
  require_readable("--authfile", o.authfile);
  const Context context(o.verbose);
  config::Environment environment = config::Environment::of_process();
  environment.log = context.hooks.log;
  const LazyRegistries registries(environment);
  const auto authfile = o.authfile.empty() ? std::nullopt : std::optional(o.authfile);
  const config::Logins logins(authfile, registries.get().credential_helpers(), environment);
  if (o.all) {
    logins.remove_all();
    fmt::print("Removed login credentials for all registries\n");
    return;
  }
  std::string registry = o.registry;
  if (registry.empty() && !registries.get().search().empty())
    registry = registries.get().search().front();
  if (registry.empty())
    throw Error(Status::invalid,
                "REGISTRY is missing, and registries.conf has no unqualified-search-registries");
  const std::string scope = config::Logins::normal_scope(registry);
  if (!logins.remove(scope)) throw_still_known(logins, scope);
  fmt::print("Removed login credentials for {}\n", scope);
}

}  // namespace

CLI::App* add_logout(CLI::App& app, LogoutOptions& o) {
  CLI::App* logout = app.add_subcommand("logout", "Forget the login to a registry");
  logout->add_option("REGISTRY", o.registry,
                     "HOST[:PORT][/PATH]. Default: the first of unqualified-search-registries in "
                     "registries.conf");
  logout->add_flag("-a,--all", o.all, "Forget all logins");
  logout->add_option("--authfile", o.authfile, "File that the login is kept in")->type_name("FILE");
  logout->add_flag("-v,--verbose", o.verbose, "Say more; twice: protocol detail");
  return logout;
}

int run_logout(const LogoutOptions& options) {
  try {
    logout(options);
    return kOk;
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, Side::neither);
  }
}

}  // namespace sealos::cli
