#include "cli/policy.hpp"

#include <memory>

#include "core/policy/policy.hpp"

namespace sealos::cli {
namespace {

policy::PolicyImage policy_image(const Reference& source) {
  return {source.transport(), source.canonical(), source.policy_identity(),
          source.policy_namespaces()};
}

}  // namespace

void use_policy(CopyRequest& request, const std::string& file,
                const config::Environment& environment, const std::string& temp_dir) {
  std::optional<std::string> named;
  if (!file.empty()) named = file;
  const auto policy = std::make_shared<const policy::Policy>(
      policy::Policy::load(named, environment).value_or(policy::Policy::accept_anything()));
  request.check_policy = [policy](const Reference& source) {
    policy->require_allowed(policy_image(source));
  };
  request.check_signatures = [policy, temp_dir](const Reference& source, const Digest& manifest,
                                                const std::vector<Item>& signatures) {
    policy::SignedImage found{std::nullopt, manifest, signatures};
    if (const auto name = source.docker_name()) found.name = DockerName::parse(*name);
    policy->require_signed(policy_image(source), found, temp_dir);
  };
}

}  // namespace sealos::cli
