// Each case in a process of its own: this program, started again.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "cases.hpp"
#include "trial.hpp"

namespace sealos::conformance {

/// One line of the result.
struct Row {
  std::string name, transport;  ///< transport "": the library as a whole
  Outcome outcome;
  std::string output;  ///< what the process wrote to stdout and stderr
};

/// arguments: those of this process, with which each case is started.
std::vector<Row> run_cases(const Options& options, const std::vector<std::string>& arguments,
                           void (*done)(const Row&));

/// In the process of a case: runs it and says how it ended.
int run_child(const Options& options, const std::string& name, const std::string& transport);

/// Starts write_until_killed in a process of its own, for the place of this case. The caller owns
/// the descriptor, on which a byte comes for each stage.
pid_t start_writer(int& progress);

}  // namespace sealos::conformance
