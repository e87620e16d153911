// A sealos hub: a cluster that has an object of the kind Image for what is pushed to its registry.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/config/environment.hpp"
#include "core/host/services.hpp"
#include "support/json/json.hpp"

namespace sealos::hub {

enum class Outcome { created, updated, unchanged };

/// Not for concurrent use.
class Hub {
 public:
  Hub() = default;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  virtual ~Hub() = default;

  /// Its address.
  virtual const std::string& server() const = 0;
  /// Creates the object, or replaces the spec of the one that has its name. unless_same: one with
  /// an equal spec is left alone. Throws with the server's own message. What may pass (connections,
  /// 429, 503) is tried again up to `retries` times.
  virtual Outcome publish(const Json& object, bool unless_same, unsigned retries,
                          std::chrono::milliseconds delay, const CancelToken& cancel) = 0;
};

/// As the kubeconfig file says, which is read now: see read_kubeconfig. Nothing is sent.
std::unique_ptr<Hub> open_hub(const std::string& kubeconfig);

/// The kubeconfig of the hub of that registry for that user: `.sealos/REGISTRY/USER/config` in the
/// home folder. nullopt: there is none.
std::optional<std::string> find_kubeconfig(const config::Environment& environment,
                                           const std::string& registry, const std::string& user);

}  // namespace sealos::hub
