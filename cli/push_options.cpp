#include "cli/push_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/duration.hpp"

namespace sealos::cli {
namespace {

constexpr std::string_view kLocalStore = "containers-storage";

bool flag_value(const std::string& flag, const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  throw Error(Status::invalid,
              fmt::format("{} is true or false, not \"{}\"", flag, printable(text)));
}

CompressionWish compression_of(const PushOptions& o) {
  CompressionWish wish;
  if (o.compression_format) wish.form = layer_form_named(*o.compression_format);
  if (o.force_compression) {
    wish.force = flag_value("--force-compression", *o.force_compression);
    if (wish.force && !wish.form) wish.form = LayerForm::gzip;
  }
  wish.level = o.compression_level;
  wish.keep_plain = o.disable_compression;
  check_wish(wish);
  return wish;
}

void add_side_options(const SideOptions& side, const std::string& prefix,
                      std::map<std::string, std::string>& options) {
  if (side.tls_verify) {
    flag_value(prefix + "tls-verify", *side.tls_verify);
    options["tls-verify"] = *side.tls_verify;
  }
  if (!side.cert_dir.empty()) options["cert-dir"] = side.cert_dir;
}

/// Flags whose values only plugins understand.
void add_plugin_options(const PushOptions& o, CopyRequest& request) {
  if (o.tls_verify) flag_value("--tls-verify", *o.tls_verify);
  const std::pair<const char*, std::string> shared[] = {
      {"tls-verify", o.tls_verify.value_or("")},
      {"cert-dir", o.cert_dir},
      {"docker-daemon.host", o.daemon_host},
      {"retry-on", o.retry_on},
      {"limit-rate", o.limit_rate},
      {"docker.host-limit-rate", o.host_limit_rate},
      {"max-connections", o.max_connections},
      {"docker.host-max-connections", o.host_max_connections}};
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

/// What has no effect where the image itself is not copied.
void refuse_with_cr_only(const PushOptions& o) {
  const std::pair<const char*, bool> useless[] = {
      {"--add-compression", !o.add_compression.empty()},
      {"--compression-format", o.compression_format.has_value()},
      {"--compression-level", o.compression_level.has_value()},
      {"--disable-compression", o.disable_compression},
      {"--encryption-key", !o.encryption_keys.empty()},
      {"--force-compression", o.force_compression.has_value()},
      {"--format", o.format.has_value()},
      {"--mount-from", !o.mount_from.empty()},
      {"--preserve-digests", o.preserve_digests},
      {"--referrers", o.referrers == "all"},
      {"--remove-signatures", o.remove_signatures},
      {"--report", !o.report.empty()},
      {"--rm", o.remove_list},
      {"--sparse", o.sparse}};
  for (const auto& [flag, given] : useless) {
    if (given)
      throw Error(
          Status::invalid,
          fmt::format("--cr-option only copies no image, so {} would have no effect", flag));
  }
}

void read_cr_option(const PushOptions& o, CopyRequest& request) {
  using custom_resources::CrOption;
  CrOption& option = request.custom_resource.option;
  option = o.cr_option ? custom_resources::cr_option_named(*o.cr_option) : CrOption::automatic;
  if (o.edits_recipients) option = CrOption::no;  // it has its own
  if (option == CrOption::only) refuse_with_cr_only(o);
}

/// Numbers of layers, or not:IMAGE.
void read_encrypted_layers(const PushOptions& o, CopyRequest& request,
                           const PluginCatalog& catalog) {
  constexpr std::string_view kNot = "not:";
  std::vector<std::string> numbers;
  for (const std::string& text : o.encrypt_layers) {
    if (!text.starts_with(kNot)) {
      numbers.push_back(text);
    } else if (o.encrypt_layers.size() > 1 || text.size() == kNot.size()) {
      throw Error(Status::invalid, "--encrypt-layer is not:IMAGE alone, or numbers of layers");
    } else {
      request.encrypt_base = place_of(text.substr(kNot.size()), "docker://", catalog);
    }
  }
  request.encrypt_layers = encryption::EncryptedLayers::parse(numbers);
}

}  // namespace

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
  if (o.referrers) {
    request.referrers = *o.referrers == "all";
    if (*o.referrers != "all" && *o.referrers != "none")
      throw Error(Status::invalid,
                  fmt::format("--referrers is all or none, not \"{}\"", printable(*o.referrers)));
  }
  if (o.remove_list && request.source.transport != kLocalStore) {
    throw Error(Status::invalid,
                fmt::format("--rm removes a manifest list of the local store, and {} is none",
                            printable(request.source.str())));
  }
  request.sparse = o.sparse;
  for (const std::string& name : o.platforms) {
    const Platform platform = Platform::parse(name);
    auto& all = request.platforms;
    if (std::find(all.begin(), all.end(), platform) == all.end()) all.push_back(platform);
  }
  if (o.all && (o.sparse || !o.platforms.empty())) {
    throw Error(Status::invalid, fmt::format("--all and {} contradict each other",
                                             o.sparse ? "--sparse" : "--platform"));
  }
  request.compression = compression_of(o);
  for (const std::string& name : o.add_compression) {
    const LayerForm form = layer_form_named(name);
    if (form == LayerForm::plain) {
      throw Error(Status::invalid, "--add-compression adds gzip, zstd or zstd:chunked, not none");
    }
    auto& all = request.add_compression;
    if (std::find(all.begin(), all.end(), form) == all.end()) all.push_back(form);
  }
  if (o.format) request.format = manifest_format_named(*o.format);
  request.preserve_digests = o.preserve_digests;
  read_encrypted_layers(o, request, catalog);
  if (!o.encrypt_layers.empty() && o.encryption_keys.empty())
    throw Error(Status::invalid, "--encrypt-layer needs an --encryption-key");
  if (o.edits_recipients) {
    request.source = request.destination;  // one that is in no registry is named with its transport
    request.all = true;
  } else if (!o.encryption_keys.empty() && !o.decryption_keys.empty()) {
    throw Error(Status::invalid, "--encryption-key and --decryption-key contradict each other");
  }
  add_plugin_options(o, request);
  read_cr_option(o, request);
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
