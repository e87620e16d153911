#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "cli/bar_progress.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/credentials.hpp"
#include "cli/exit_code.hpp"
#include "cli/hub.hpp"
#include "cli/image_access.hpp"
#include "cli/isolation.hpp"
#include "cli/json_progress.hpp"
#include "cli/line_progress.hpp"
#include "cli/output_file.hpp"
#include "cli/output_options.hpp"
#include "cli/plan_text.hpp"
#include "cli/policy.hpp"
#include "cli/registries.hpp"
#include "cli/report_json.hpp"
#include "cli/signals.hpp"
#include "cli/signing.hpp"

namespace sealos::cli {
namespace {

std::unique_ptr<Progress> make_progress(bool quiet) {
  if (quiet) return std::make_unique<Progress>();
  if (::isatty(STDERR_FILENO) != 0) return std::make_unique<BarProgress>(stderr);
  return std::make_unique<LineProgress>(stderr);
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

class PushCommand {
 public:
  explicit PushCommand(const PushOptions& options)
      : options_(options), context_(options.verbose), signals_(context_.cancel) {}

  int run() {
    Side side = Side::request;
    try {
      prepare();
      if (wish_.dry_run) {
        show_plan();
      } else {
        push(side);
      }
      return kOk;
    } catch (const CopyError& e) {
      return fail(e, e.side());
    } catch (const Error& e) {
      return fail(e, side);
    }
  }

 private:
  void prepare() {
    request_ = request_of(options_, context_.catalog);
    wish_ = output_wish(options_, request_);
    if (wish_.json_progress) show_events();
    isolate_plugins(context_.loader, options_.isolate);
    lend_descriptors(context_.loader, request_.source, 0);
    lend_descriptors(context_.loader, request_.destination, 1);
    config::Environment environment = config::Environment::of_process();
    environment.log = context_.hooks.log;
    const auto registries = std::make_shared<const LazyRegistries>(environment);
    use_registries(context_.hooks, registries);
    use_credentials(context_.hooks, options_, request_, registries);
    short_name_.emplace(options_.image, registries);
    if (may_be_elsewhere(options_, request_, context_.catalog))
      request_.source_elsewhere = [this] { return short_name_->places(); };
    use_policy(request_, options_, environment, context_.hooks.temp_dir, find_);
    hub_ = find_hub(request_, context_.hooks, environment);
    request_.custom_resource.for_every_image = hub_ != nullptr;
    use_keys(environment);
    use_signers(options_, context_.hooks, request_);
    const std::string cache = cache::BlobInfoCache::default_path(environment);
    // What looks only does not make the cache.
    if (wish_.dry_run && ::access(cache.c_str(), R_OK) != 0) return;
    cache_.emplace(cache, environment);
    request_.cache = &*cache_;
  }

  /// Keys of layers: read and checked before anything else happens.
  void use_keys(const config::Environment& environment) {
    const encryption::KeyPlaces places = key_places(environment, context_.hooks.temp_dir);
    std::shared_ptr<const encryption::Recipients> recipients;
    std::shared_ptr<const encryption::DecryptionKeys> keys;
    if (!options_.encryption_keys.empty()) {
      recipients = std::make_shared<const encryption::Recipients>(
          encryption::Recipients::load(options_.encryption_keys, places));
    }
    if (!options_.decryption_keys.empty()) {
      keys = std::make_shared<const encryption::DecryptionKeys>(
          encryption::DecryptionKeys::load(options_.decryption_keys, places));
    }
    if (!options_.edits_recipients) {
      request_.recipients = std::move(recipients);
      request_.decryption_keys = std::move(keys);
      return;
    }
    encryption::RecipientEdit edit{std::move(recipients), std::move(keys), {}};
    for (const std::string& text : options_.remove_recipients)
      edit.remove.push_back(encryption::RecipientChoice::parse(text));
    request_.edit_recipients = std::make_shared<const encryption::RecipientEdit>(std::move(edit));
  }

  void show_events() {
    events_ = std::make_unique<JsonProgress>(stderr);
    context_.hooks.log = [this](int level, const std::string& text) {
      if (level >= SEALOS_LOG_WARNING - options_.verbose) events_->log(level, text);
    };
  }

  /// Runs a copy or a preview, which ends as interrupted where it was.
  template <typename Body>
  auto interruptible(Body&& body) {
    try {
      return body();
    } catch (const Error&) {
      if (signals_.interrupted()) throw Error(Status::cancelled, "interrupted");
      throw;
    }
  }

  void show_plan() {
    const auto progress = make_progress(options_.quiet);
    const CopyDetails plan = interruptible(
        [&] { return preview_copy(find_, context_.hooks, context_.cancel, request_, *progress); });
    fmt::print("{}", wish_.dry_run_json ? plan_json(plan).dump() + "\n" : plan_text(plan));
  }

  void push(Side& side) {
    std::unique_ptr<OutputFile> digest_file, report_file;
    if (!options_.digestfile.empty())
      digest_file = std::make_unique<OutputFile>("--digestfile", options_.digestfile);
    if (!wish_.report_file.empty())
      report_file = std::make_unique<OutputFile>("--report", wish_.report_file);
    const CopyReport report = copy();
    side = Side::neither;
    short_name_->worked(report.source);
    if (hub_ && report.custom_resource) {
      side = Side::destination;
      interruptible([&] {
        tell_hub(*hub_, report, request_, context_);
        return true;
      });
      side = Side::neither;
    }
    if (digest_file) digest_file->write(report.digest.str());
    const std::string json = wish_.report ? report_json(report).dump() + "\n" : "";
    if (report_file) report_file->write(json);
    if (events_) events_->end(report.digest);
    const bool to_stdout = wish_.report && !report_file;
    const std::string result = to_stdout ? json : report.digest.str() + "\n";
    if (!goes_to_stdout(request_.destination)) {
      fmt::print("{}", result);
    } else if (!events_) {
      fmt::print(stderr, "{}", result);
    }
  }

  CopyReport copy() {
    const auto text = events_ ? nullptr : make_progress(options_.quiet);
    Progress& progress = events_ ? static_cast<Progress&>(*events_) : *text;
    return interruptible(
        [&] { return copy_image(find_, context_.hooks, context_.cancel, request_, progress); });
  }

  int fail(const Error& e, Side side) {
    const int code = exit_code_for(e, side);
    if (events_) {
      events_->failed(e.message(), code);
    } else {
      show_error(e.message());
    }
    return code;
  }

  const PushOptions& options_;
  Context context_;
  SignalGuard signals_;
  const FindTransport find_ = [this](std::string_view name) {
    return context_.loader.transport(name);
  };
  std::optional<ShortName> short_name_;
  CopyRequest request_;
  OutputWish wish_;
  std::unique_ptr<hub::Hub> hub_;
  std::unique_ptr<JsonProgress> events_;
  std::optional<cache::BlobInfoCache> cache_;
};

}  // namespace

int run_push(const PushOptions& options) { return PushCommand(options).run(); }

}  // namespace sealos::cli
