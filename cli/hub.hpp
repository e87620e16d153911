// The sealos hub that is told of what is pushed to a registry.
#pragma once

#include <memory>

#include "cli/context.hpp"
#include "core/copy/copy.hpp"
#include "core/hub/hub.hpp"

namespace sealos::cli {

/// The hub of the destination's registry, for the user who is logged in there. nullptr: it has
/// none, or no custom resource is wanted. Throws where its kubeconfig cannot be used.
std::unique_ptr<hub::Hub> find_hub(const CopyRequest& request, const Hooks& hooks,
                                   const config::Environment& environment);

/// Brings the pushed image's object there. Throws with the server's own message.
void tell_hub(hub::Hub& hub, const CopyReport& report, const CopyRequest& request,
              const Context& context);

}  // namespace sealos::cli
