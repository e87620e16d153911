// --sign-by and its relatives.
#pragma once

#include "cli/push_options.hpp"
#include "core/config/environment.hpp"
#include "core/host/services.hpp"

namespace sealos::cli {

/// Opens the keys that sign, and tries them, asking for passphrases here and now. Throws where one
/// cannot sign, or the options contradict each other.
void use_signers(const PushOptions& options, const Hooks& hooks, CopyRequest& request);

}  // namespace sealos::cli
