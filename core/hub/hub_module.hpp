// What hub.so, which links an HTTP client, does for the engine.
#pragma once

#include <memory>
#include <string>

#include "core/hub/hub.hpp"

namespace sealos::hub {

struct HubModule {
  static constexpr const char* kModule = "hub";
  std::unique_ptr<Hub> (*open)(const std::string& kubeconfig);
};

}  // namespace sealos::hub
