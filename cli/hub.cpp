#include "cli/hub.hpp"

#include <fmt/format.h>

#include "support/docker_name/docker_name.hpp"

namespace sealos::cli {
namespace {

using custom_resources::CrOption;

std::string user_at(const DockerName& name, const CopyRequest& request, const Hooks& hooks) {
  const auto& find =
      request.destination_credentials ? request.destination_credentials : hooks.credentials;
  if (!find) return "";
  const auto login = find(name.domain + "/" + name.path);
  return login ? login->username : "";
}

}  // namespace

std::unique_ptr<hub::Hub> find_hub(const CopyRequest& request, const Hooks& hooks,
                                   const config::Environment& environment) {
  const std::string& details = request.destination.details;
  if (request.custom_resource.option == CrOption::no) return nullptr;
  if (request.destination.transport != "docker" || !details.starts_with("//")) return nullptr;
  std::optional<DockerName> name;
  try {
    name = DockerName::parse(details.substr(2));
  } catch (const Error&) {
    return nullptr;  // the transport will say what is wrong with it
  }
  // Logins may come from programs, which are not run for those who have no hub.
  if (!config::folder_exists(environment.home + "/.sealos/" + name->domain)) return nullptr;
  const auto file = hub::find_kubeconfig(environment, name->domain, user_at(*name, request, hooks));
  if (!file) return nullptr;
  return hub::open_hub(*file);
}

void tell_hub(hub::Hub& hub, const CopyReport& report, const CopyRequest& request,
              const Context& context) {
  const bool unless_same = request.custom_resource.option == CrOption::automatic;
  const auto delay = request.retry.delay.value_or(std::chrono::milliseconds(1000));
  try {
    const auto outcome = hub.publish(report.custom_resource->object, unless_same,
                                     request.retry.count, delay, context.cancel);
    const char* done = outcome == hub::Outcome::created   ? "created"
                       : outcome == hub::Outcome::updated ? "replaced"
                                                          : "there already";
    context.hooks.log(SEALOS_LOG_INFO, fmt::format("hub {}: Image {}", hub.server(), done));
  } catch (Error& e) {
    throw e.add_context(fmt::format(
        "{} is pushed, {}, but not to the hub",
        request.custom_resource.option == CrOption::only ? "the custom resource" : "the image",
        report.digest.str()));
  }
}

}  // namespace sealos::cli
