// The commands; each returns an exit code and shows its own errors.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "cli/push_options.hpp"

namespace sealos::cli {

int run_push(const PushOptions& options);

struct TransportsOptions {
  bool json = false;
  int verbose = 0;
};
int run_transports(const TransportsOptions& options);

/// As typed; empty strings and nullopt were not given.
struct LoginOptions {
  std::string registry, authfile, cert_dir;
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
CLI::App* add_logout(CLI::App& app, LogoutOptions& options);
int run_logout(const LogoutOptions& options);

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
