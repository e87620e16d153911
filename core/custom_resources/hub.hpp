// A sealos hub: Image objects in a cluster, over the Kubernetes API.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/custom_resources/kubeconfig.hpp"
#include "core/host/services.hpp"
#include "support/json/json.hpp"

namespace sealos::custom_resources {

enum class HubOutcome { created, updated, unchanged };

/// Not for concurrent use.
class Hub {
 public:
  Hub(ClusterAccess access, const CancelToken& cancel);

  /// Creates the object, or replaces the spec of the one that has its name. unless_same: one with
  /// an equal spec is left alone. Throws with the server's own message. What may pass (connections,
  /// 429, 503) is tried again up to `retries` times.
  HubOutcome publish(const Json& object, bool unless_same, unsigned retries,
                     std::chrono::milliseconds delay);

 private:
  struct Answer {
    int status;
    std::string body;
  };
  Answer ask(const char* method, const std::string& path, const std::string& body);
  Answer ask_again(const char* method, const std::string& path, const std::string& body);
  [[noreturn]] void fail(const char* doing, const std::string& name, const Answer& answer) const;
  std::optional<HubOutcome> replace(const Json& object, bool unless_same, bool& exists);

  const ClusterAccess access_;
  const CancelToken& cancel_;
  http::Client client_;
  unsigned retries_ = 0;
  std::chrono::milliseconds delay_{0};
};

}  // namespace sealos::custom_resources
