#include "cli/image_access.hpp"

#include "cli/credentials.hpp"
#include "cli/isolation.hpp"
#include "cli/policy.hpp"
#include "cli/terminal.hpp"

namespace sealos::cli {

void add_registry_flags(CLI::App& command, RegistryFlags flags) {
  command.add_option("--authfile", flags.authfile, "Credentials of registries")->type_name("FILE");
  command
      .add_option("--cert-dir", flags.cert_dir,
                  "*.crt (authorities), *.cert and *.key (client certificates)")
      ->type_name("DIR");
  command.add_option("--creds", flags.creds, "Credentials of the registry")
      ->type_name("USER[:PASSWORD]");
  command
      .add_flag("--tls-verify{true}", flags.tls_verify,
                "Demand HTTPS and a valid certificate. Default: true; false also allows HTTP")
      ->type_name("true|false");
}

void add_daemon_flag(CLI::App& command, PushOptions& o) {
  command
      .add_option("--daemon-host", o.daemon_host,
                  "Where the Docker daemon is, in place of $DOCKER_HOST")
      ->type_name("URL");
}

void add_policy_flags(CLI::App& command, PushOptions& o) {
  command
      .add_option("--signature-policy", o.signature_policy,
                  "What may be read. Default: policy.json of the user, or of the system")
      ->type_name("FILE");
  command.add_flag("--insecure-policy", o.insecure_policy,
                   "Everything may be read, whatever policy.json says");
}

void add_access_flags(CLI::App& command, PushOptions& o) {
  command.option_defaults()->group("Access");
  add_registry_flags(command, {o.authfile, o.cert_dir, o.creds, o.tls_verify});
  add_daemon_flag(command, o);
  command.add_option("--retry", o.retry, "How often to try again what may pass. Default: 3")
      ->type_name("N");
  add_policy_flags(command, o);
  command.option_defaults()->group("Other");
  command
      .add_option("-o,--option", o.options,
                  "An option of the transport; sealos transports -v lists them")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  add_isolate_flag(command, o.isolate);
  command.add_flag("-q,--quiet", o.quiet, "No progress");
  command.add_flag("-v,--verbose", o.verbose, "Say more; twice: protocol detail");
}

encryption::KeyPlaces key_places(const config::Environment& environment,
                                 const std::string& temp_dir) {
  return {environment, temp_dir, [](const std::string& file) {
            return ask_on_terminal("Passphrase of " + printable(file) + ": ", false);
          }};
}

void use_access(Context& context, const PushOptions& options, CopyRequest& request,
                const config::Environment& environment, const FindTransport& find) {
  isolate_plugins(context.loader, options.isolate);
  lend_descriptors(context.loader, request.source, 0);
  const auto registries = std::make_shared<const LazyRegistries>(environment);
  use_registries(context.hooks, registries);
  use_credentials(context.hooks, options, request, registries);
  use_policy(request, options, environment, context.hooks.temp_dir, find);
}

}  // namespace sealos::cli
