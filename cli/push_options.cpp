#include "cli/push_options.hpp"

#include <fmt/format.h>

#include "cli/duration.hpp"

namespace sealos::cli {
namespace {

constexpr std::string_view kLocalStore = "containers-storage";

void add_side(CLI::App& push, const std::string& prefix, const std::string& whose,
              SideOptions& side) {
  push.add_option(prefix + "authfile", side.authfile, "--authfile for " + whose + " alone")
      ->type_name("FILE");
  push.add_option(prefix + "cert-dir", side.cert_dir, "--cert-dir for " + whose + " alone")
      ->type_name("DIR");
  push.add_option(prefix + "creds", side.creds, "Credentials of " + whose + "'s registry")
      ->type_name("USER[:PASSWORD]");
  push.add_flag(prefix + "tls-verify{true}", side.tls_verify,
                "--tls-verify for " + whose + " alone");
}

void check_tls_verify(const std::string& flag, const std::optional<std::string>& value) {
  if (value && *value != "true" && *value != "false")
    throw Error(Status::invalid,
                fmt::format("{} is true or false, not \"{}\"", flag, printable(*value)));
}

void add_side_options(const SideOptions& side, const std::string& prefix,
                      std::map<std::string, std::string>& options) {
  check_tls_verify(prefix + "tls-verify", side.tls_verify);
  if (side.tls_verify) options["tls-verify"] = *side.tls_verify;
  if (!side.cert_dir.empty()) options["cert-dir"] = side.cert_dir;
}

/// Flags whose values only plugins understand.
void add_plugin_options(const PushOptions& o, CopyRequest& request) {
  check_tls_verify("--tls-verify", o.tls_verify);
  const std::pair<const char*, std::string> shared[] = {{"tls-verify", o.tls_verify.value_or("")},
                                                        {"cert-dir", o.cert_dir},
                                                        {"retry-on", o.retry_on},
                                                        {"limit-rate", o.limit_rate},
                                                        {"max-connections", o.max_connections}};
  for (const auto& [key, value] : shared) {
    if (!value.empty()) request.options[key] = value;
  }
  for (const std::string& repository : o.mount_from) {
    std::string& list = request.destination_options["docker.mount-from"];
    list += (list.empty() ? "" : ",") + repository;
  }
  add_side_options(o.source, "--src-", request.source_options);
  add_side_options(o.target, "--dest-", request.destination_options);
  if (o.creds && o.target.creds)
    throw Error(Status::invalid, "--creds and --dest-creds contradict each other");
}

}  // namespace

CLI::App* add_push(CLI::App& app, PushOptions& o) {
  CLI::App* push = app.add_subcommand("push", "Copy an image from any place to any place");
  push->add_option("IMAGE", o.image,
                   "What to copy: transport:details, or the name of a local image "
                   "(containers-storage)")
      ->required();
  push->add_option("DESTINATION", o.destination,
                   "Where to: transport:details, or the name of an image in a registry (docker). "
                   "Default: the same as IMAGE");
  push->add_flag("-a,--all", o.all, "Copy an index with all its images, not one image of it");
  push->add_option("--authfile", o.authfile, "File with the credentials of registries")
      ->type_name("FILE");
  push->add_option("--cert-dir", o.cert_dir,
                   "Folder with *.crt (authorities), *.cert and *.key (client certificates)")
      ->type_name("DIR");
  push->add_option("--creds", o.creds, "Credentials of the registry")->type_name("USER[:PASSWORD]");
  push->add_option("--digestfile", o.digestfile,
                   "Write the digest of the manifest to this file, after success only")
      ->type_name("FILE");
  push->add_option("--limit-rate", o.limit_rate,
                   "Bytes a second to and from registries, e.g. 500K or 10M")
      ->type_name("RATE");
  push->add_option("--max-connections", o.max_connections,
                   "Connections to one registry at a time. Default: as many as are needed")
      ->type_name("N");
  push->add_option("--mount-from", o.mount_from,
                   "A repository of the destination's registry that may have the layers already; "
                   "may be given several times")
      ->type_name("REPOSITORY")
      ->allow_extra_args(false);
  push->add_option("-o,--option", o.options,
                   "An option of a transport; sealos transports -v lists them")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  push->add_option("--platform", o.platform,
                   "Which image of an index, e.g. linux/arm64. Default: this machine's")
      ->type_name("OS/ARCH[/VARIANT]");
  push->add_flag("-q,--quiet", o.quiet, "Show no progress");
  push->add_flag("--rm", o.remove_list,
                 "Remove IMAGE, a manifest list of the local store, after success");
  push->add_flag("--remove-signatures", o.remove_signatures, "Do not copy signatures");
  push->add_option("--retry", o.retry,
                   "How often to try again what failed and may pass. Default: 3")
      ->type_name("N");
  push->add_option("--retry-delay", o.retry_delay,
                   "How long to wait in between, e.g. 500ms or 2s. Default: 1s, 2s, 4s, ...")
      ->type_name("TIME");
  push->add_option("--retry-on", o.retry_on,
                   "What to try again: network, 5xx and HTTP statuses, separated by commas. "
                   "Default: what may pass")
      ->type_name("LIST");
  push->add_option("--signature-policy", o.signature_policy,
                   "Policy file that says which images may be read. Default: policy.json of the "
                   "user, or of the system; without either all may")
      ->type_name("FILE");
  push->add_flag("--tls-verify{true}", o.tls_verify,
                 "Demand HTTPS and a valid certificate. Default: true; false also allows HTTP");
  add_side(*push, "--src-", "the source", o.source);
  add_side(*push, "--dest-", "the destination", o.target);
  push->add_flag("-v,--verbose", o.verbose, "Say more; twice: protocol detail");
  return push;
}

Location place_of(const std::string& text, const std::string& fallback,
                  const PluginCatalog& catalog) {
  const auto known = [&](std::string_view name) { return catalog.find(name) != nullptr; };
  if (auto place = split_location(text, known)) return *std::move(place);
  return *split_location(fallback + text, known);
}

CopyRequest request_of(const PushOptions& o, const PluginCatalog& catalog) {
  CopyRequest request;
  if (o.image.empty()) throw Error(Status::invalid, "IMAGE is empty");
  request.source = place_of(o.image, "containers-storage:", catalog);
  request.destination =
      place_of(o.destination.empty() ? o.image : o.destination, "docker://", catalog);
  request.all = o.all;
  request.remove_signatures = o.remove_signatures;
  request.remove_source_index = o.remove_list;
  if (o.remove_list && request.source.transport != kLocalStore) {
    throw Error(Status::invalid,
                fmt::format("--rm removes a manifest list of the local store, and {} is none",
                            printable(request.source.str())));
  }
  if (!o.platform.empty()) request.platform = Platform::parse(o.platform);
  if (o.all && request.platform) {
    throw Error(Status::invalid, "--all and --platform contradict each other");
  }
  add_plugin_options(o, request);
  if (o.retry) {
    request.retry.count = *o.retry;
    request.engine_options["retry"] = std::to_string(*o.retry);
  }
  if (!o.retry_delay.empty()) {
    request.retry.delay = parse_duration(o.retry_delay);
    if (!request.retry.delay) {
      throw Error(Status::invalid,
                  fmt::format("--retry-delay \"{}\" is not a time; write 500ms or 2s",
                              printable(o.retry_delay)));
    }
    request.engine_options["retry-delay"] = o.retry_delay;
  }
  for (const std::string& option : o.options) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Status::invalid,
                  fmt::format("--option \"{}\" is not KEY=VALUE", printable(option)));
    }
    request.options[option.substr(0, equals)] = option.substr(equals + 1);
  }
  request.credentials_given = o.creds || !o.authfile.empty();
  return request;
}

}  // namespace sealos::cli
