// The machine-written file of short names, which podman and buildah share.
#pragma once

#include <map>
#include <string>

#include "core/config/environment.hpp"

namespace sealos::config {

/// /var/cache/containers/short-name-aliases.conf for root, else the same in the user's cache
/// folder.
std::string learned_aliases_path(const Environment& env);

/// Empty where there is no such file. Throws, naming it, where it is wrong.
std::map<std::string, std::string, std::less<>> load_learned_aliases(const Environment& env);

}  // namespace sealos::config
