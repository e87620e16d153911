// --creds, --authfile and the files that hold logins, for the plugins that ask.
#pragma once

#include "cli/push_options.hpp"
#include "core/host/services.hpp"

namespace sealos::cli {

/// Lets `hooks` answer for credentials. --creds are for the registry of the destination, or where
/// that is none, of the source, and go to no other. Asks on the terminal for a missing password,
/// here and now. Throws where the options make no sense.
void use_credentials(Hooks& hooks, const PushOptions& options, const CopyRequest& request);

/// Asks on the terminal of the process, not on stdin; `show` says whether typing is seen. Throws
/// SEALOS_UNAUTHENTICATED where there is no terminal.
std::string ask_on_terminal(const std::string& prompt, bool show);

}  // namespace sealos::cli
