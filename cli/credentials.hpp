// --creds, --authfile and the files that hold logins, for the plugins that ask.
#pragma once

#include <memory>

#include "cli/push_options.hpp"
#include "cli/registries.hpp"
#include "core/host/services.hpp"

namespace sealos::cli {

/// Lets `hooks`, or for one side `request`, answer for credentials. --creds are for the registry of
/// the destination, or where that is none, of the source, and go to no other; those of one side go
/// to its registry alone. Asks on the terminal for a missing password, here and now. Throws where
/// the options make no sense.
void use_credentials(Hooks& hooks, const PushOptions& options, CopyRequest& request,
                     const std::shared_ptr<const LazyRegistries>& registries);

/// The same for a command that looks at one place: --creds and --authfile are for that.
void use_credentials(Hooks& hooks, const std::optional<std::string>& creds,
                     const std::string& authfile, const Location& place,
                     const std::shared_ptr<const LazyRegistries>& registries);

/// Throws, now and not only when a registry happens to ask, where --authfile cannot be read. The
/// flag is named as the user wrote it.
void require_readable(const std::string& flag, const std::string& authfile);

}  // namespace sealos::cli
