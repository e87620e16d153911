// Talking with the user.
#pragma once

#include <string>

namespace sealos::cli {

/// Asks on the terminal of the process, not on stdin; `show` says whether typing is seen. Throws
/// SEALOS_UNAUTHENTICATED where there is no terminal, SEALOS_CANCELLED when a signal comes.
std::string ask_on_terminal(const std::string& prompt, bool show);

/// All of stdin, without the end of its last line; 64 KiB at most.
std::string read_secret_from_stdin();

// Whoever gets a secret here is kept out of core files; see config::keep_out_of_core_files.

/// Makes a secret that was given as an argument unreadable for other users of this machine: its
/// characters are overwritten wherever an argument ends with it.
void hide_in_arguments(int argc, char** argv, const std::string& secret);

}  // namespace sealos::cli
