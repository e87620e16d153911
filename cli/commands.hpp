// The commands; each returns an exit code and shows its own errors.
#pragma once

#include "cli/push_options.hpp"

namespace sealos::cli {

int run_push(const PushOptions& options);

struct TransportsOptions {
  bool json = false;
  int verbose = 0;
};
int run_transports(const TransportsOptions& options);

}  // namespace sealos::cli
