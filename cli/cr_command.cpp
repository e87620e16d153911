#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/image_access.hpp"
#include "cli/isolation.hpp"
#include "cli/signals.hpp"
#include "core/copy/cr_show.hpp"

namespace sealos::cli {
namespace {

std::string show(const CrOptions& o, Context& context) {
  CopyRequest request = request_of(o.image, context.catalog);
  config::Environment environment = config::Environment::of_process();
  environment.log = context.hooks.log;
  const FindTransport find = [&](std::string_view name) { return context.loader.transport(name); };
  use_access(context, o.image, request, environment, find);
  Progress quiet;
  return show_custom_resource(find, context.hooks, context.cancel, request, o.published, quiet);
}

}  // namespace

CLI::App* add_cr(CLI::App& app, CrOptions& o) {
  CLI::App* cr = app.add_subcommand("cr", "Custom resources of images");
  cr->require_subcommand(1);
  CLI::App* show = cr->add_subcommand("show", "Print the custom resource of an image, as YAML");
  PushOptions& image = o.image;
  show->add_option("IMAGE", image.image,
                   "transport:details, or the name of a local image (containers-storage)")
      ->required();
  show->add_flag("--published", o.published,
                 "The one that a push has left beside the image, not what its layers say");
  show->add_option("--platform", image.platforms,
                   "Of an index: the image for this platform. Default: this machine's")
      ->type_name("OS/ARCH[/VARIANT]")
      ->expected(1);
  add_registry_flags(*show, {image.authfile, image.cert_dir, image.creds, image.tls_verify});
  add_daemon_flag(*show, image);
  add_policy_flags(*show, image);
  show->add_option("-o,--option", image.options, "An option of a transport")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  add_isolate_flag(*show, image.isolate);
  show->add_flag("-v,--verbose", image.verbose, "Say more; twice: protocol detail");
  return cr;
}

int run_cr(const CrOptions& options) {
  Context context(options.image.verbose);
  const SignalGuard signals(context.cancel);
  try {
    fmt::print("{}", show(options, context));
    return kOk;
  } catch (const CopyError& e) {
    show_error(e.message());
    return exit_code_for(e, e.side());
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, Side::request);
  }
}

}  // namespace sealos::cli
