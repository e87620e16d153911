// policy.json: which images may be read, for the commands that read some.
#pragma once

#include <string>

#include "cli/push_options.hpp"
#include "core/config/environment.hpp"
#include "core/copy/copy.hpp"

namespace sealos::cli {

/// Lets the request ask the policy that the options choose. `find` outlives the request.
void use_policy(CopyRequest& request, const PushOptions& options,
                const config::Environment& environment, const std::string& temp_dir,
                const FindTransport& find);

}  // namespace sealos::cli
