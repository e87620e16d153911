// sealos recipients: who can read an encrypted image.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/help_formatter.hpp"
#include "cli/image_access.hpp"
#include "cli/signals.hpp"
#include "core/copy/source_session.hpp"
#include "support/json/json.hpp"

namespace sealos::cli {
namespace {

constexpr const char* kImageHelp =
    "transport:details, or the name of an image in a registry (docker); an index with all its "
    "images";

CLI::App* add_action(CLI::App& recipients, RecipientsOptions& o, const char* name,
                     const char* help) {
  CLI::App* action = recipients.add_subcommand(name, help);
  action->formatter(std::make_shared<HelpFormatter>());
  action->add_option("IMAGE", o.push.image, kImageHelp)->required();
  return action;
}

void finish(CLI::App& action, RecipientsOptions& o) {
  add_access_flags(action, o.push);
  action.set_help_flag();
  action.set_help_flag("-h,--help", "This text");
}

void add_change_flags(CLI::App& action, RecipientsOptions& o) {
  action.add_flag("--dry-run{text}", o.push.dry_run, "Show what would be done, and do nothing")
      ->type_name("text|json");
  action.add_flag("--remove-signatures", o.push.remove_signatures,
                  "Drop signatures, which would be those of another manifest");
}

Json list_json(const std::vector<LayerRecipients>& layers) {
  Json list = Json::array();
  for (const LayerRecipients& layer : layers) {
    Json recipients = Json::array();
    for (const encryption::RecipientEntry& one : layer.recipients) {
      recipients.push_back(Json::object({{"scheme", one.scheme},
                                         {"number", static_cast<std::int64_t>(one.number)},
                                         {"label", one.label}}));
    }
    list.push_back(Json::object({{"image", layer.image.str()},
                                 {"layer", layer.layer.str()},
                                 {"index", static_cast<std::int64_t>(layer.number)},
                                 {"recipients", std::move(recipients)}}));
  }
  return Json::object({{"schema", 1}, {"layers", std::move(list)}});
}

std::string name_in_list(const encryption::RecipientEntry& one) {
  // A provider has one name and no number.
  std::string scheme = one.scheme;
  if (scheme.starts_with("provider.")) return scheme.replace(8, 1, ":");
  return fmt::format("{}:{}", scheme, one.number);
}

/// Layers with the same recipients are told together.
std::string list_text(const std::vector<LayerRecipients>& layers) {
  std::string text;
  for (size_t i = 0; i < layers.size();) {
    size_t end = i;
    std::string names;
    for (; end < layers.size() && layers[end].recipients == layers[i].recipients; ++end)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", layers[end].layer.brief());
    text += names + "\n";
    for (const auto& one : layers[i].recipients)
      text += fmt::format("  {:<12} {}\n", name_in_list(one), printable(one.label));
    i = end;
  }
  return text;
}

int list(const RecipientsOptions& o) {
  Context context(o.push.verbose);
  const SignalGuard signals(context.cancel);
  try {
    CopyRequest request = request_of(o.push, context.catalog);
    config::Environment environment = config::Environment::of_process();
    environment.log = context.hooks.log;
    const FindTransport find = [&](std::string_view name) {
      return context.loader.transport(name);
    };
    use_access(context, o.push, request, environment, find);
    Progress none;
    const auto layers = list_recipients(find, context.hooks, context.cancel, request, none);
    fmt::print("{}", o.json ? list_json(layers).dump() + "\n" : list_text(layers));
    return kOk;
  } catch (const CopyError& e) {
    show_error(e.message());
    return exit_code_for(e, e.side());
  } catch (const Error& e) {
    show_error(e.message());
    return exit_code_for(e, Side::request);
  }
}

}  // namespace

CLI::App* add_recipients(CLI::App& app, RecipientsOptions& o) {
  CLI::App* recipients = app.add_subcommand(
      "recipients", "Who can read an encrypted image: list, add or remove without its layers");
  recipients->require_subcommand(1);
  CLI::App* list = add_action(*recipients, o, "list", "Show for whom layers are encrypted");
  list->add_flag("--json", o.json, "As JSON");
  finish(*list, o);
  o.list = list;
  CLI::App* add = add_action(*recipients, o, "add", "Let others read the image, too");
  add->add_option("--encryption-key", o.push.encryption_keys,
                  "Who: jwe:PUBLIC-KEY, pkcs7:CERTIFICATE, pgp:USER or provider:NAME; may be "
                  "repeated")
      ->type_name("RECIPIENT")
      ->allow_extra_args(false)
      ->required();
  add->add_option("--decryption-key", o.push.decryption_keys,
                  "Opens the layers as they are: a private key, or certificate, or provider:NAME; "
                  "may be repeated")
      ->type_name("FILE[:PASSPHRASE]")
      ->allow_extra_args(false)
      ->required();
  add_change_flags(*add, o);
  finish(*add, o);
  CLI::App* remove = add_action(
      *recipients, o, "remove",
      "Take away somebody's way to the keys of the layers, which stay the same: who has read them "
      "before can read those layers for ever");
  remove
      ->add_option("RECIPIENT", o.push.remove_recipients,
                   "SCHEME:NUMBER as list shows it, pkcs7:CERTIFICATE, pgp:KEY-ID or provider:NAME")
      ->required();
  add_change_flags(*remove, o);
  finish(*remove, o);
  return recipients;
}

int run_recipients(RecipientsOptions& o) {
  o.push.edits_recipients = true;
  return o.list->parsed() ? list(o) : run_push(o.push);
}

}  // namespace sealos::cli
