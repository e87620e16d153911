#include "cli/push_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/duration.hpp"

namespace sealos::cli {

namespace {

void add_format_flags(CLI::App* push, PushOptions& o) {
  push->add_option("--add-compression", o.add_compression,
                   "With an index: each image also in this compression, beside it: gzip, zstd or "
                   "zstd:chunked; several by commas")
      ->type_name("FORMAT")
      ->delimiter(',')
      ->allow_extra_args(false);
  push->add_option("--compression-format", o.compression_format,
                   "Layers arrive in this compression: gzip, zstd, zstd:chunked or none. Default: "
                   "as they are, and plain ones as gzip where the destination wants that")
      ->type_name("FORMAT");
  push->add_option("--compression-level", o.compression_level,
                   "How hard to try: gzip 1 to 9 (default 6), zstd 1 to 22 (default 3)")
      ->type_name("N");
  push->add_flag("-D,--disable-compression", o.disable_compression,
                 "Layers that come uncompressed stay so");
  push->add_flag("--force-compression{true}", o.force_compression,
                 "Never use a layer that the destination has in another compression. Default: true "
                 "with --compression-format; without, it means that format gzip");
  push->add_option("-f,--format", o.format,
                   "Manifests arrive in this format: oci, v2s2 (docker), v2s1. Default: as they "
                   "are, where the destination takes that")
      ->type_name("FORMAT");
  push->add_flag("--preserve-digests", o.preserve_digests, "Fail rather than change a manifest");
}

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
  add_format_flags(push, o);
  push->add_option("--creds", o.creds, "Credentials of the registry")->type_name("USER[:PASSWORD]");
  push->add_option("--digestfile", o.digestfile,
                   "Write the digest of the manifest to this file, after success only")
      ->type_name("FILE");
  push->add_flag("--dry-run{text}", o.dry_run,
                 "Show what the copy would do, blob by blob, and do nothing; =json as JSON");
  push->add_option("--progress", o.progress,
                   "text: for people, the default; json: events on stderr, one a line")
      ->type_name("text|json");
  push->add_option("--report", o.report,
                   "After success, write what was done, blob by blob, to stdout or to a file")
      ->type_name("json[=FILE]");
  push->add_option("-o,--option", o.options,
                   "An option of a transport; sealos transports -v lists them")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  push->add_option("--platform", o.platforms,
                   "Which image of an index, e.g. linux/arm64. Default: this machine's. Several, "
                   "separated by commas: an index with these, and without the others")
      ->type_name("OS/ARCH[/VARIANT],...")
      ->delimiter(',')
      ->allow_extra_args(false);
  push->add_flag("-q,--quiet", o.quiet, "Show no progress");
  push->add_flag("--remove-signatures", o.remove_signatures, "Do not copy signatures");
  push->add_option("--retry", o.retry,
                   "How often to try again what failed and may pass. Default: 3")
      ->type_name("N");
  push->add_option("--retry-delay", o.retry_delay,
                   "How long to wait in between, e.g. 500ms or 2s. Default: 1s, 2s, 4s, ...")
      ->type_name("TIME");
  push->add_flag("--sparse", o.sparse,
                 "Copy the index as it is, and of its images those that --platform names");
  push->add_option("--signature-policy", o.signature_policy,
                   "Policy file that says which images may be read. Default: policy.json of the "
                   "user, or of the system; without either all may")
      ->type_name("FILE");
  push->add_flag("--tls-verify{true}", o.tls_verify,
                 "Demand HTTPS and a valid certificate. Default: true; false also allows HTTP");
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
  if (o.tls_verify) {
    flag_value("--tls-verify", *o.tls_verify);
    request.options["tls-verify"] = *o.tls_verify;
  }
  if (!o.cert_dir.empty()) request.options["cert-dir"] = o.cert_dir;
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
