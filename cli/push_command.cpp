#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "cli/bar_progress.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/credentials.hpp"
#include "cli/digest_file.hpp"
#include "cli/exit_code.hpp"
#include "cli/line_progress.hpp"
#include "cli/registries.hpp"
#include "cli/signals.hpp"
#include "core/policy/policy.hpp"

namespace sealos::cli {
namespace {

std::unique_ptr<Progress> make_progress(bool quiet) {
  if (quiet) return std::make_unique<Progress>();
  if (::isatty(STDERR_FILENO) != 0) return std::make_unique<BarProgress>(stderr);
  return std::make_unique<LineProgress>(stderr);
}

/// Which images may be read, as policy.json says.
std::function<void(const Reference&)> policy_check(const PushOptions& options,
                                                   const config::Environment& environment) {
  std::optional<std::string> named;
  if (!options.signature_policy.empty()) named = options.signature_policy;
  const auto loaded = policy::Policy::load(named, environment);
  return [policy = loaded.value_or(policy::Policy::accept_anything())](const Reference& source) {
    policy.require_allowed({source.transport(), source.canonical(), source.policy_identity(),
                            source.policy_namespaces()});
  };
}

/// Whether the image itself goes to stdout, so that nothing else may.
bool goes_to_stdout(const Location& place) {
  return place.details == "-" || place.details.starts_with("-:") ||
         place.details.starts_with("/dev/stdout");
}

/// Whether an image that is not on this machine may come from a registry: a name without a
/// transport that is to go somewhere else than to its own registry.
bool may_be_elsewhere(const PushOptions& options, const CopyRequest& request,
                      const PluginCatalog& catalog) {
  if (options.destination.empty() || request.source.transport != "containers-storage") return false;
  const auto known = [&](std::string_view name) { return catalog.find(name) != nullptr; };
  if (split_location(options.image, known)) return false;
  return !options.image.starts_with("localhost/") && catalog.find("docker") != nullptr;
}

CopyReport copy(const PushOptions& options, Context& context, SignalGuard& signals,
                const CopyRequest& request) {
  const FindTransport find = [&](std::string_view name) { return context.loader.transport(name); };
  const auto progress = make_progress(options.quiet);
  try {
    return copy_image(find, context.hooks, context.cancel, request, *progress);
  } catch (const Error&) {
    if (signals.interrupted()) throw Error(Status::cancelled, "interrupted");
    throw;
  }
}

}  // namespace

int run_push(const PushOptions& options) {
  Context context(options.verbose);
  SignalGuard signals(context.cancel);
  Side side = Side::request;
  try {
    CopyRequest request = request_of(options, context.catalog);
    config::Environment environment = config::Environment::of_process();
    environment.log = context.hooks.log;
    const auto registries = std::make_shared<const LazyRegistries>(environment);
    use_registries(context.hooks, registries);
    use_credentials(context.hooks, options, request, registries);
    ShortName short_name(options.image, registries);
    if (may_be_elsewhere(options, request, context.catalog))
      request.source_elsewhere = [&] { return short_name.places(); };
    std::unique_ptr<DigestFile> digest_file;
    if (!options.digestfile.empty()) digest_file = std::make_unique<DigestFile>(options.digestfile);
    request.check_policy = policy_check(options, environment);
    cache::BlobInfoCache cache(cache::BlobInfoCache::default_path(environment), environment);
    request.cache = &cache;
    const CopyReport report = copy(options, context, signals, request);
    side = Side::neither;
    short_name.worked(report.source);
    if (digest_file) digest_file->write(report.digest);
    fmt::print(goes_to_stdout(request.destination) ? stderr : stdout, "{}\n", report.digest.str());
    return kOk;
  } catch (const CopyError& e) {
    show_error(e.message());
    return exit_code_for(e, e.side());
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, side);
  }
}

}  // namespace sealos::cli
