#include "core/hub/hub.hpp"

#include <filesystem>

#include "core/hub/hub_module.hpp"
#include "core/module/module.hpp"

namespace sealos::hub {

std::unique_ptr<Hub> open_hub(const std::string& kubeconfig) {
  return module<HubModule>().open(kubeconfig);
}

std::optional<std::string> find_kubeconfig(const config::Environment& environment,
                                           const std::string& registry, const std::string& user) {
  for (const std::string& part : {registry, user}) {
    if (part.empty() || part == "." || part == ".." || part.find('/') != std::string::npos ||
        part.find('\0') != std::string::npos)
      return std::nullopt;
  }
  const std::string folder = environment.home + "/.sealos/" + registry + "/" + user;
  if (environment.home.empty() || !config::folder_exists(folder)) return std::nullopt;
  const std::string path = folder + "/config";
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? std::optional(path) : std::nullopt;
}

}  // namespace sealos::hub
