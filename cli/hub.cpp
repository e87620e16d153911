#include "cli/hub.hpp"

#include <fmt/format.h>

#include "core/custom_resources/hub.hpp"
#include "support/docker_name/docker_name.hpp"

namespace sealos::cli {
namespace {

using custom_resources::CrOption;
using custom_resources::HubOutcome;

std::string user_at(const DockerName& name, const CopyRequest& request, const Hooks& hooks) {
  const auto& find =
      request.destination_credentials ? request.destination_credentials : hooks.credentials;
  if (!find) return "";
  const auto login = find(name.domain + "/" + name.path);
  return login ? login->username : "";
}

}  // namespace

std::optional<custom_resources::ClusterAccess> find_hub(const CopyRequest& request,
                                                        const Hooks& hooks,
                                                        const config::Environment& environment) {
  const std::string& details = request.destination.details;
  if (request.custom_resource.option == CrOption::no) return std::nullopt;
  if (request.destination.transport != "docker" || !details.starts_with("//")) return std::nullopt;
  std::optional<DockerName> name;
  try {
    name = DockerName::parse(details.substr(2));
  } catch (const Error&) {
    return std::nullopt;  // the transport will say what is wrong with it
  }
  // Logins may come from programs, which are not run for those who have no hub.
  if (!config::folder_exists(environment.home + "/.sealos/" + name->domain)) return std::nullopt;
  const auto file =
      custom_resources::find_kubeconfig(environment, name->domain, user_at(*name, request, hooks));
  if (!file) return std::nullopt;
  return custom_resources::read_kubeconfig(*file);
}

void tell_hub(const custom_resources::ClusterAccess& hub, const CopyReport& report,
              const CopyRequest& request, const Context& context) {
  const bool unless_same = request.custom_resource.option == CrOption::automatic;
  const auto delay = request.retry.delay.value_or(std::chrono::milliseconds(1000));
  try {
    const HubOutcome outcome =
        custom_resources::Hub(hub, context.cancel)
            .publish(report.custom_resource->object, unless_same, request.retry.count, delay);
    const char* done = outcome == HubOutcome::created   ? "created"
                       : outcome == HubOutcome::updated ? "replaced"
                                                        : "there already";
    context.hooks.log(SEALOS_LOG_INFO, fmt::format("hub {}: Image {}", hub.server, done));
  } catch (Error& e) {
    throw e.add_context(fmt::format(
        "{} is pushed, {}, but not to the hub",
        request.custom_resource.option == CrOption::only ? "the custom resource" : "the image",
        report.digest.str()));
  }
}

}  // namespace sealos::cli
