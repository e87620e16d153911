// Runs a program with a text on its standard input. Linux only.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/environment.hpp"

namespace sealos::config {

struct HelperResult {
  int exit_code = 0;  ///< 128 + signal where a signal ended it
  std::string output, errors;
};

/// Runs `program`, an absolute path, without a shell. Its environment is
/// env.variables. The input is held in memory only, and is neither in the arguments nor in a file.
/// Throws SEALOS_UNAUTHENTICATED, naming the program, where it cannot be started, lasts longer than
/// the timeout (it is killed then), or writes more than 1 MiB. Safe from any thread.
HelperResult run_helper(const std::string& program, const std::vector<std::string>& arguments,
                        std::string_view input, const Environment& env,
                        std::chrono::milliseconds timeout);

}  // namespace sealos::config
