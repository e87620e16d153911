#include "cli/place_options.hpp"

#include <fmt/format.h>

#include "cli/credentials.hpp"
#include "cli/exit_code.hpp"
#include "cli/image_access.hpp"
#include "cli/isolation.hpp"

namespace sealos::cli {
namespace {

std::map<std::string, std::string> options_of(const PlaceOptions& o, const Transport& transport) {
  if (o.tls_verify && *o.tls_verify != "true" && *o.tls_verify != "false")
    throw Error(Status::invalid,
                fmt::format("--tls-verify is true or false, not \"{}\"", printable(*o.tls_verify)));
  std::map<std::string, std::string> options;
  const std::pair<const char*, std::string> given[] = {{"tls-verify", o.tls_verify.value_or("")},
                                                       {"cert-dir", o.cert_dir},
                                                       {"retry", o.retry},
                                                       {"retry-delay", o.retry_delay},
                                                       {"retry-on", o.retry_on}};
  for (const auto& [key, value] : given) {
    if (value.empty()) continue;
    if (!transport.has_option(key))
      throw Error(Status::unsupported,
                  fmt::format("--{} means nothing to {}; leave it away", key, transport.name()));
    options[key] = value;
  }
  const bool login = o.creds || !o.authfile.empty();
  if (login && (transport.capabilities() & SEALOS_ASKS_CREDENTIALS) == 0)
    throw Error(Status::unsupported,
                fmt::format("{} asks for no credentials; leave them away", transport.name()));
  return options;
}

}  // namespace

void add_place_flags(CLI::App& command, PlaceOptions& o) {
  add_registry_flags(command, {o.authfile, o.cert_dir, o.creds, o.tls_verify});
  command.add_flag("--json", o.json, "As JSON");
  command.add_option("--retry", o.retry, "How often to try again what may pass. Default: 3")
      ->type_name("N");
  command.add_option("--retry-delay", o.retry_delay, "Time in between, e.g. 500ms or 2s")
      ->type_name("TIME");
  command.add_option("--retry-on", o.retry_on, "network, 5xx and HTTP statuses, by commas")
      ->type_name("LIST");
  add_isolate_flag(command, o.isolate);
  command.add_flag("-v,--verbose", o.verbose, "Say more; twice: protocol detail");
}

OpenPlace::OpenPlace(Context& context, const PlaceOptions& options, const Location& place,
                     std::uint32_t needs, const char* verb) {
  isolate_plugins(context.loader, options.isolate);
  lend_descriptors(context.loader, place, 0);
  const Transport transport = context.loader.transport(place.transport);
  if ((transport.capabilities() & needs) == 0)
    throw Error(Status::unsupported,
                fmt::format("transport \"{}\" cannot {}", transport.name(), verb));
  auto plugin_options = options_of(options, transport);
  config::Environment environment = config::Environment::of_process();
  environment.log = context.hooks.log;
  const auto registries = std::make_shared<const LazyRegistries>(environment);
  use_registries(context.hooks, registries);
  use_credentials(context.hooks, options.creds, options.authfile, place, registries);
  services_ = std::make_unique<Services>(context.hooks, context.cancel, std::move(plugin_options));
  reference_ = std::make_unique<Reference>(transport.parse_reference(*services_, place.details));
}

int run_at_place(const PlaceOptions& options,
                 const std::function<void(Context& context, Side& side)>& body) {
  Side side = Side::request;
  try {
    Context context(options.verbose);
    const SignalGuard signals(context.cancel);
    try {
      body(context, side);
    } catch (const Error&) {
      if (signals.interrupted()) throw Error(Status::cancelled, "interrupted");
      throw;
    }
    return kOk;
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, side);
  }
}

}  // namespace sealos::cli
