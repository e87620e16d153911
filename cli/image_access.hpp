// What every command that reads images does before it begins: the policy, keys, and the flags that
// say how places are reached.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/context.hpp"
#include "cli/push_options.hpp"
#include "cli/registries.hpp"
#include "core/config/environment.hpp"
#include "core/copy/copy.hpp"

namespace sealos::cli {

/// Where what was typed is kept.
struct RegistryFlags {
  std::string &authfile, &cert_dir;
  std::optional<std::string>&creds, &tls_verify;
};
/// --authfile, --cert-dir, --creds, --tls-verify.
void add_registry_flags(CLI::App& command, RegistryFlags flags);

/// --daemon-host.
void add_daemon_flag(CLI::App& command, PushOptions& options);

/// --signature-policy, --insecure-policy.
void add_policy_flags(CLI::App& command, PushOptions& options);

/// --authfile, --creds, --cert-dir, --tls-verify, --daemon-host, --retry, --signature-policy,
/// --insecure-policy, -o, --isolate, -q, -v.
void add_access_flags(CLI::App& command, PushOptions& options);

/// Where keys are looked for; passphrases are asked on the terminal.
encryption::KeyPlaces key_places(const config::Environment& environment,
                                 const std::string& temp_dir);

/// Isolation, logins, registries.conf and the policy of a command that reads one image; `find`
/// outlives the request.
void use_access(Context& context, const PushOptions& options, CopyRequest& request,
                const config::Environment& environment, const FindTransport& find);

}  // namespace sealos::cli
