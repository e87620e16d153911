// The exit codes of sealos; README.md documents them.
#pragma once

#include "core/copy/copy.hpp"

namespace sealos::cli {

enum ExitCode : int {
  kOk = 0,
  kInternal = 1,
  kUsage = 2,
  kSourceNotFound = 3,
  kAuthentication = 4,
  kNetwork = 5,
  kPolicy = 6,
  kDestination = 7,
  kBadSource = 8,
  kLocalIo = 9,
  kWrongContent = 10,  ///< of sealos verify alone, as the next two
  kWrongSignatures = 11,
  kUnread = 12,
  kInterrupted = 130
};

/// The code for an error that ended a command.
ExitCode exit_code_for(const Error& error, Side side);

}  // namespace sealos::cli
