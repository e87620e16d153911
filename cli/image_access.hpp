// What every command that reads images does before it begins: the policy, keys, and the flags that
// say how places are reached.
#pragma once

#include <memory>

#include "cli/context.hpp"
#include "cli/push_options.hpp"
#include "cli/registries.hpp"
#include "core/config/environment.hpp"
#include "core/copy/copy.hpp"

namespace sealos::cli {

/// --authfile, --creds, --cert-dir, --tls-verify, --retry, --signature-policy, -o, -q, -v.
void add_access_flags(CLI::App& command, PushOptions& options);

/// Which images may be read, as policy.json says; `file` is --signature-policy, "": not given.
void use_policy(CopyRequest& request, const std::string& file,
                const config::Environment& environment, const std::string& temp_dir);

/// Where keys are looked for; passphrases are asked on the terminal.
encryption::KeyPlaces key_places(const config::Environment& environment,
                                 const std::string& temp_dir);

/// Logins, registries.conf and the policy of a command that reads one image.
void use_access(Context& context, const PushOptions& options, CopyRequest& request,
                const config::Environment& environment);

}  // namespace sealos::cli
