// sealos verify: whether an image is what it says.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "cli/bar_progress.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/duration.hpp"
#include "cli/exit_code.hpp"
#include "cli/help_formatter.hpp"
#include "cli/image_access.hpp"
#include "cli/line_progress.hpp"
#include "cli/signals.hpp"
#include "core/copy/verify.hpp"
#include "support/json/json.hpp"

namespace sealos::cli {
namespace {

using Kind = VerifyProblem::Kind;

constexpr const char* kVerifyHelp =
    "Read an image in full and compare digests, sizes, layers and signatures with what it says.\n"
    "Ends with 0: all is right; 10: content is missing or wrong; 11: the signatures are not what "
    "the policy demands; 12: something could not be read. The first of these that is true counts; "
    "where the image cannot be opened at all, the codes are those of push";

const char* name_of(Kind kind) {
  return kind == Kind::content ? "content" : kind == Kind::policy ? "policy" : "unread";
}

int code_of(const VerifyReport& report) {
  if (report.has(Kind::content)) return kWrongContent;
  if (report.has(Kind::policy)) return kWrongSignatures;
  return report.problems.empty() ? kOk : kUnread;
}

Json verify_json(const VerifyReport& report) {
  Json problems = Json::array();
  for (const VerifyProblem& one : report.problems) {
    problems.push_back(
        Json::object({{"kind", name_of(one.kind)}, {"what", one.what}, {"why", one.why}}));
  }
  const auto number = [](size_t value) { return static_cast<std::int64_t>(value); };
  Json json = Json::object({{"schema", 1}, {"source", report.source}});
  json.set("digest", report.digest ? Json(report.digest->str()) : Json());
  json.set("right", report.problems.empty());
  json.set("manifests", number(report.manifests));
  json.set("blobs", number(report.blobs));
  json.set("bytes", report.bytes);
  json.set("signatures", number(report.signatures));
  json.set("notLookedInto", number(report.closed));
  json.set("elsewhere", number(report.elsewhere));
  json.set("problems", std::move(problems));
  return json;
}

std::string verify_text(const VerifyReport& report) {
  std::string text;
  for (const VerifyProblem& one : report.problems)
    text += fmt::format("{}: {}: {}\n", name_of(one.kind), one.what, printable(one.why, 2000));
  text +=
      fmt::format("{}: {} manifest{}, {} blob{}, {}", report.digest ? report.digest->str() : "?",
                  report.manifests, report.manifests == 1 ? "" : "s", report.blobs,
                  report.blobs == 1 ? "" : "s", human_size(report.bytes));
  if (report.signatures > 0)
    text += fmt::format(", {} signature{}", report.signatures, report.signatures == 1 ? "" : "s");
  if (report.closed > 0) text += fmt::format("; {} encrypted and not looked into", report.closed);
  if (report.elsewhere > 0) text += fmt::format("; {} at their URLs only", report.elsewhere);
  return text + (report.problems.empty() ? ": right\n" : ": wrong\n");
}

class VerifyCommand {
 public:
  explicit VerifyCommand(const VerifyOptions& options)
      : options_(options), context_(options.push.verbose), signals_(context_.cancel) {}

  int run() {
    try {
      prepare();
      std::unique_ptr<Progress> progress = std::make_unique<Progress>();
      if (!options_.push.quiet && ::isatty(STDERR_FILENO) != 0)
        progress = std::make_unique<BarProgress>(stderr);
      const VerifyReport report =
          verify_image(find_, context_.hooks, context_.cancel, request_, *progress);
      progress.reset();
      fmt::print("{}", options_.json ? verify_json(report).dump() + "\n" : verify_text(report));
      return code_of(report);
    } catch (const CopyError& e) {
      return fail(e, e.side());
    } catch (const Error& e) {
      return fail(e, Side::request);
    }
  }

 private:
  void prepare() {
    request_ = request_of(options_.push, context_.catalog);
    request_.source = request_.destination;  // a bare name is one of a registry
    if (options_.push.platforms.size() > 1)
      throw Error(Status::invalid, "one --platform, or --all");
    config::Environment environment = config::Environment::of_process();
    environment.log = context_.hooks.log;
    use_access(context_, options_.push, request_, environment, find_);
    const auto places = key_places(environment, context_.hooks.temp_dir);
    if (options_.push.decryption_keys.empty()) return;
    request_.decryption_keys = std::make_shared<const encryption::DecryptionKeys>(
        encryption::DecryptionKeys::load(options_.push.decryption_keys, places));
  }

  int fail(const Error& e, Side side) const {
    if (signals_.interrupted()) {
      show_error("interrupted");
      return kInterrupted;
    }
    show_error(e.message());
    if (side == Side::policy) return kWrongSignatures;
    const int code = exit_code_for(e, side);
    return code == kBadSource ? kWrongContent : code;
  }

  const VerifyOptions& options_;
  Context context_;
  SignalGuard signals_;
  const FindTransport find_ = [this](std::string_view name) {
    return context_.loader.transport(name);
  };
  CopyRequest request_;
};

}  // namespace

CLI::App* add_verify(CLI::App& app, VerifyOptions& o) {
  CLI::App* verify = app.add_subcommand("verify", kVerifyHelp);
  verify->formatter(std::make_shared<HelpFormatter>());
  verify
      ->add_option("IMAGE", o.push.image,
                   "transport:details, or the name of an image in a registry (docker)")
      ->required();
  verify->add_flag("-a,--all", o.push.all, "An index with all its images, not one image of it");
  verify
      ->add_option("--platform", o.push.platforms,
                   "The image for this platform. Default: this machine's")
      ->type_name("OS/ARCH[/VARIANT]");
  verify
      ->add_flag("--referrers{all}", o.push.referrers,
                 "Also what refers to the image. Default: none")
      ->type_name("all|none");
  verify
      ->add_option("--decryption-key", o.push.decryption_keys,
                   "Look into encrypted layers; may be repeated")
      ->type_name("FILE[:PASSPHRASE]")
      ->allow_extra_args(false);
  verify->add_flag("--json", o.json, "The result as JSON");
  add_access_flags(*verify, o.push);
  verify->set_help_flag();
  verify->set_help_flag("-h,--help", "This text");
  return verify;
}

int run_verify(const VerifyOptions& options) { return VerifyCommand(options).run(); }

}  // namespace sealos::cli
