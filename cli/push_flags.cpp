// The flags of sealos push, as --help shows them.
#include "cli/image_access.hpp"
#include "cli/isolation.hpp"
#include "cli/push_options.hpp"

namespace sealos::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  sealos push localhost/app:1 registry.example.com/team/app:1\n"
    "  sealos push --all docker://registry.example.com/app:1 dir:/backup/app\n"
    "  sealos push --platform linux/amd64,linux/arm64 docker://r.example.com/a oci:a\n"
    "  sealos push --dry-run oci-archive:app.tar registry.example.com/team/app:1\n";

void add_image_flags(CLI::App& push, PushOptions& o) {
  push.option_defaults()->group("Which images");
  push.add_flag("-a,--all", o.all, "An index with all its images, not one image of it");
  push.add_option("--platform", o.platforms,
                  "The image for this platform. Default: this machine's. Several: an index with "
                  "these, without the others")
      ->type_name("OS/ARCH[/VARIANT],...")
      ->delimiter(',')
      ->allow_extra_args(false);
  push.add_flag("--sparse", o.sparse, "The index as it is, with the --platform images only");
  push.add_flag("--rm", o.remove_list,
                "IMAGE, a manifest list of the local store, is removed after success");
  push.add_option("--cr-option", o.cr_option,
                  "Whether the image's custom resource goes along: yes; no; only: it alone; auto, "
                  "the default: of images that are labelled sealos.io.*, or where it is seen in "
                  "layers on their way, if the destination does not have it yet")
      ->type_name("yes|no|only|auto");
  push.add_flag("--referrers{all}", o.referrers,
                "all (also without a value): signatures, attestations, bills of materials and all "
                "else that refers to the image travels with it. Default: none, since they are "
                "asked for one by one, and only registries and OCI layouts hold them")
      ->type_name("all|none");
}

void add_signature_flags(CLI::App& push, PushOptions& o) {
  push.option_defaults()->group("Signatures");
  push.add_flag("--remove-signatures", o.remove_signatures,
                "Without the signatures that IMAGE has");
  push.add_option("--sign-by", o.sign_by,
                  "Sign with this key of GnuPG, whatever is written; may be repeated")
      ->type_name("FINGERPRINT")
      ->allow_extra_args(false);
  push.add_option("--sign-by-sigstore-private-key", o.sign_by_sigstore,
                  "Sign with a key of cosign; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  push.add_option("--sign-identity", o.sign_identity,
                  "The name that is signed, written out. Default: DESTINATION")
      ->type_name("NAME:TAG");
  push.add_option("--sign-passphrase-file", o.sign_passphrase_file,
                  "Its first line opens the key that signs")
      ->type_name("FILE");
  add_policy_flags(push, o);
}

void add_format_flags(CLI::App& push, PushOptions& o) {
  push.option_defaults()->group("Layers and manifests");
  push.add_option("--add-compression", o.add_compression,
                  "Of an index: each image also in this compression: gzip, zstd, zstd:chunked; "
                  "several by commas")
      ->type_name("FORMAT,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  push.add_option("--compression-format", o.compression_format,
                  "Layers arrive as gzip, zstd, zstd:chunked or none. Default: as they are, and "
                  "plain ones as the destination likes them")
      ->type_name("FORMAT");
  push.add_option(
          "--compression-level", o.compression_level,
          "gzip 1 to 9 (default 6), zstd 1 to 22 (default 3; for zstd:chunked between 6 and 7)")
      ->type_name("N");
  push.add_flag("-D,--disable-compression", o.disable_compression,
                "Layers that come uncompressed stay so");
  push.add_flag("--force-compression{true}", o.force_compression,
                "Use no layer that is there in another compression. Default: true with "
                "--compression-format; without, it means that format gzip")
      ->type_name("true|false");
  push.add_option("-f,--format", o.format,
                  "Manifests arrive as oci, v2s2 (docker) or v2s1. Default: as they are, where the "
                  "destination takes that")
      ->type_name("FORMAT");
  push.add_flag("--preserve-digests", o.preserve_digests, "Fail rather than change a manifest");
}

void add_encryption_flags(CLI::App& push, PushOptions& o) {
  push.option_defaults()->group("Encryption");
  const auto add = [&](const char* name, std::vector<std::string>& to, const char* help,
                       const char* type) {
    push.add_option(name, to, help)->type_name(type)->allow_extra_args(false);
  };
  add("--encryption-key", o.encryption_keys,
      "Encrypt layers for jwe:PUBLIC-KEY, pkcs7:CERTIFICATE, pgp:USER or provider:NAME; may be "
      "repeated",
      "RECIPIENT");
  add("--encrypt-layer", o.encrypt_layers,
      "Only these, e.g. 0, -1 (the last) or 1-3, by commas; or not:IMAGE, all but the layers of "
      "the "
      "base image. Default: all",
      "LIST");
  add("--decryption-key", o.decryption_keys,
      "Decrypt layers with a private key, or certificate, or provider:NAME; may be repeated",
      "FILE[:PASSPHRASE]");
}

void add_side(CLI::App& push, const std::string& prefix, const std::string& whose,
              SideOptions& side) {
  push.add_option(prefix + "authfile", side.authfile, "--authfile for " + whose + " alone")
      ->type_name("FILE");
  push.add_option(prefix + "cert-dir", side.cert_dir, "--cert-dir for " + whose + " alone")
      ->type_name("DIR");
  push.add_option(prefix + "creds", side.creds, "--creds for " + whose)
      ->type_name("USER[:PASSWORD]");
  push.add_flag(prefix + "tls-verify{true}", side.tls_verify,
                "--tls-verify for " + whose + " alone")
      ->type_name("true|false");
}

void add_login_flags(CLI::App& push, PushOptions& o) {
  push.option_defaults()->group("Logins and certificates");
  add_registry_flags(push, {o.authfile, o.cert_dir, o.creds, o.tls_verify});
  add_daemon_flag(push, o);
  add_side(push, "--src-", "the source", o.source);
  add_side(push, "--dest-", "the destination", o.target);
}

void add_network_flags(CLI::App& push, PushOptions& o) {
  push.option_defaults()->group("Network");
  push.add_option("--limit-rate", o.limit_rate,
                  "Bytes a second to and from all registries, e.g. 500K or 10M")
      ->type_name("RATE");
  push.add_option("--limit-rate-per-host", o.host_limit_rate, "The same for each of their hosts")
      ->type_name("RATE");
  push.add_option("--max-connections", o.max_connections,
                  "To all registries. Default: as many as are needed")
      ->type_name("N");
  push.add_option("--max-connections-per-host", o.host_max_connections,
                  "The same for each of their hosts")
      ->type_name("N");
  push.add_option("--mount-from", o.mount_from,
                  "A repository of the same registry that may have layers; may be repeated")
      ->type_name("REPOSITORY")
      ->allow_extra_args(false);
  push.add_option("--retry", o.retry, "How often to try again what may pass. Default: 3")
      ->type_name("N");
  push.add_option("--retry-delay", o.retry_delay,
                  "Time in between, e.g. 500ms or 2s. Default: 1s, 2s, 4s, ...")
      ->type_name("TIME");
  push.add_option("--retry-on", o.retry_on, "network, 5xx and HTTP statuses, by commas")
      ->type_name("LIST");
}

void add_output_flags(CLI::App& push, PushOptions& o) {
  push.option_defaults()->group("Output");
  push.add_option("--digestfile", o.digestfile, "Write the manifest's digest, after success")
      ->type_name("FILE");
  push.add_flag("--dry-run{text}", o.dry_run,
                "Show what would be done, blob by blob, and do nothing")
      ->type_name("text|json");
  push.add_option("--progress", o.progress,
                  "text: for people, the default; json: events on stderr, one a line")
      ->type_name("text|json");
  push.add_option("--report", o.report, "What was done, to stdout or a file, after success")
      ->type_name("json[=FILE]");
  push.add_flag("-q,--quiet", o.quiet, "No progress");
  push.add_flag("-v,--verbose", o.verbose, "Say more; twice: protocol detail");
  push.option_defaults()->group("Other");
  push.add_option("-o,--option", o.options,
                  "An option of a transport; sealos transports -v lists them")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  add_isolate_flag(push, o.isolate);
}

}  // namespace

CLI::App* add_push(CLI::App& app, PushOptions& o) {
  CLI::App* push = app.add_subcommand("push", "Copy an image from any place to any place");
  push->add_option("IMAGE", o.image,
                   "transport:details, or the name of a local image (containers-storage)")
      ->required();
  push->add_option("DESTINATION", o.destination,
                   "transport:details, or an image in a registry (docker). Default: as IMAGE");
  add_image_flags(*push, o);
  add_format_flags(*push, o);
  add_signature_flags(*push, o);
  add_encryption_flags(*push, o);
  add_login_flags(*push, o);
  add_network_flags(*push, o);
  add_output_flags(*push, o);
  push->footer(kExamples);
  return push;
}

}  // namespace sealos::cli
