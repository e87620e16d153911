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

/// Of `sealos cr show`: the image, and what concerns reading it.
struct CrOptions {
  PushOptions image;
  bool published = false;
};
CLI::App* add_cr(CLI::App& app, CrOptions& options);
int run_cr(const CrOptions& options);

}  // namespace sealos::cli
