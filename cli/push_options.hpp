// The arguments of sealos push.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/copy/copy.hpp"

namespace sealos::cli {

/// --src-... or --dest-...: what counts for one side alone.
struct SideOptions {
  std::string authfile, cert_dir;
  std::optional<std::string> creds, tls_verify;
};

/// As typed; empty strings and nullopt were not given.
struct PushOptions {
  std::string image, destination;
  bool all = false, quiet = false, remove_list = false, remove_signatures = false;
  bool insecure_policy = false, sparse = false, disable_compression = false,
       preserve_digests = false;
  int verbose = 0;
  std::string authfile, cert_dir, daemon_host, digestfile, retry_delay, signature_policy;
  std::string report, progress;
  std::optional<std::string> cr_option;
  std::optional<std::string> creds;
  std::optional<std::string> tls_verify, dry_run, referrers;
  std::optional<std::string> compression_format, force_compression, format;
  std::optional<int> compression_level;
  std::string retry_on, limit_rate, host_limit_rate, max_connections, host_max_connections;
  std::vector<std::string> mount_from;
  std::vector<std::string> sign_by, sign_by_sigstore;
  std::string sign_identity, sign_passphrase_file;
  std::vector<std::string> encryption_keys, encrypt_layers, decryption_keys;
  SideOptions source, target;
  std::optional<unsigned> retry;
  std::vector<std::string> options;  ///< KEY=VALUE
  std::vector<std::string> isolate;
  std::vector<std::string> platforms, add_compression;
  /// sealos recipients add and remove: the image is copied onto itself.
  bool edits_recipients = false;
  std::vector<std::string> remove_recipients;
};

/// Adds the command, its flags and their help.
CLI::App* add_push(CLI::App& app, PushOptions& options);

/// The place that an argument means: bare names go to `fallback` ("containers-storage:",
/// "docker://").
Location place_of(const std::string& text, const std::string& fallback,
                  const PluginCatalog& catalog);

/// What is to be copied, without credentials. Throws SEALOS_INVALID for values that make no sense.
CopyRequest request_of(const PushOptions& options, const PluginCatalog& catalog);

}  // namespace sealos::cli
