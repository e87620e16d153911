// The sealos hub that is told of what is pushed to a registry.
#pragma once

#include <optional>

#include "cli/context.hpp"
#include "core/copy/copy.hpp"
#include "core/custom_resources/kubeconfig.hpp"

namespace sealos::cli {

/// The hub of the destination's registry, for the user who is logged in there. nullopt: it has
/// none, or no custom resource is wanted. Throws where its kubeconfig cannot be used.
std::optional<custom_resources::ClusterAccess> find_hub(const CopyRequest& request,
                                                        const Hooks& hooks,
                                                        const config::Environment& environment);

/// Brings the pushed image's object there. Throws with the server's own message.
void tell_hub(const custom_resources::ClusterAccess& hub, const CopyReport& report,
              const CopyRequest& request, const Context& context);

}  // namespace sealos::cli
