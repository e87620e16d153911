// The commands; each returns an exit code and shows its own errors.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/place_options.hpp"
#include "cli/push_options.hpp"

namespace sealos::cli {

int run_push(const PushOptions& options);

struct TransportsOptions {
  bool json = false;
  int verbose = 0;
  std::vector<std::string> isolate;
};
int run_transports(const TransportsOptions& options);

/// As typed; empty strings and nullopt were not given.
struct LoginOptions {
  std::string registry, authfile, cert_dir;
  std::vector<std::string> isolate;
  std::optional<std::string> username, password, tls_verify;
  bool password_stdin = false, get_login = false;
  int verbose = 0;
};
CLI::App* add_login(CLI::App& app, LoginOptions& options);
int run_login(const LoginOptions& options);

struct LogoutOptions {
  std::string registry, authfile;
  bool all = false;
  int verbose = 0;
};
/// sealos plugin new
struct PluginNewOptions {
  std::string name, directory;
};
CLI::App* add_plugin(CLI::App& app, PluginNewOptions& options);
int run_plugin_new(const PluginNewOptions& options);

/// What may stand at the end of `words`, one a line, for the shells' completion; the first word is
/// what follows "sealos".
int run_complete(const CLI::App& app, const std::vector<std::string>& words);

CLI::App* add_logout(CLI::App& app, LogoutOptions& options);
int run_logout(const LogoutOptions& options);

CLI::App* add_tags(CLI::App& app, PlaceOptions& options);
int run_tags(const PlaceOptions& options);

CLI::App* add_delete(CLI::App& app, PlaceOptions& options);
int run_delete(const PlaceOptions& options);

/// Of `sealos cr show`: the image, and what concerns reading it.
struct CrOptions {
  PushOptions image;
  bool published = false;
};
CLI::App* add_cr(CLI::App& app, CrOptions& options);
int run_cr(const CrOptions& options);

struct RecipientsOptions {
  PushOptions push;
  bool json = false;
  const CLI::App* list = nullptr;
};
CLI::App* add_recipients(CLI::App& app, RecipientsOptions& options);
int run_recipients(RecipientsOptions& options);

struct VerifyOptions {
  PushOptions push;
  bool json = false;
};
CLI::App* add_verify(CLI::App& app, VerifyOptions& options);
int run_verify(const VerifyOptions& options);

}  // namespace sealos::cli
