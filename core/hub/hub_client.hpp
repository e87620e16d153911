// Image objects in a cluster, over the Kubernetes API.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/host/services.hpp"
#include "core/hub/hub.hpp"
#include "core/hub/kubeconfig.hpp"
#include "support/json/json.hpp"

namespace sealos::hub {

/// Not for concurrent use.
class HubClient {
 public:
  HubClient(ClusterAccess access, const CancelToken& cancel);

  /// As Hub::publish.
  Outcome publish(const Json& object, bool unless_same, unsigned retries,
                  std::chrono::milliseconds delay);

 private:
  struct Answer {
    int status;
    std::string body;
  };
  Answer ask(const char* method, const std::string& path, const std::string& body);
  Answer ask_again(const char* method, const std::string& path, const std::string& body);
  [[noreturn]] void fail(const char* doing, const std::string& name, const Answer& answer) const;
  std::optional<Outcome> replace(const Json& object, bool unless_same, bool& exists);

  const ClusterAccess access_;
  const CancelToken& cancel_;
  http::Client client_;
  unsigned retries_ = 0;
  std::chrono::milliseconds delay_{0};
};

}  // namespace sealos::hub
