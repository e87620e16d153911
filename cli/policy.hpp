// policy.json: which images may be read, for the commands that read some.
#pragma once

#include <string>

#include "core/config/environment.hpp"
#include "core/copy/copy.hpp"

namespace sealos::cli {

/// Lets the request ask the policy in `file`, or where that is "" the user's or the system's.
void use_policy(CopyRequest& request, const std::string& file,
                const config::Environment& environment, const std::string& temp_dir);

}  // namespace sealos::cli
