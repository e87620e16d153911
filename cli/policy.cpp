#include "cli/policy.hpp"

#include <memory>

#include "core/policy/policy.hpp"

namespace sealos::cli {
namespace {

policy::PolicyImage policy_image(const Reference& source) {
  return {source.transport(), source.canonical(), source.policy_identity(),
          source.policy_namespaces()};
}

/// What may be read. As with podman, the images of the local store have been let in already, so
/// that a policy that says nothing of it does not keep them there.
policy::Policy choose_policy(const PushOptions& options, const config::Environment& environment) {
  if (options.insecure_policy) {
    if (!options.signature_policy.empty())
      throw Error(Status::invalid,
                  "--insecure-policy and --signature-policy contradict each other");
    return policy::Policy::accept_anything();
  }
  if (!options.signature_policy.empty())
    return *policy::Policy::load(options.signature_policy, environment);
  policy::Policy policy = policy::Policy::load(std::nullopt, environment)
                              .value_or(policy::Policy::missing(environment));
  policy.accept_unlisted("containers-storage");
  return policy;
}

}  // namespace

void use_policy(CopyRequest& request, const PushOptions& options,
                const config::Environment& environment, const std::string& temp_dir,
                const FindTransport& find) {
  const auto policy = std::make_shared<const policy::Policy>(choose_policy(options, environment));
  request.check_policy = [&find, policy](const Reference& source) {
    const Transport transport = find(source.transport());
    policy->check_scopes(source.transport(),
                         [&](const std::string& scope) { transport.check_policy_scope(scope); });
    policy->require_allowed(policy_image(source));
  };
  request.wants_signatures = [policy](const Reference& source) {
    return policy->wants_signatures(policy_image(source));
  };
  const auto rings = std::make_shared<policy::KeyRings>(temp_dir);
  request.check_signatures = [policy, rings](const Reference& source, const Digest& manifest,
                                             const std::vector<Item>& signatures) {
    policy::SignedImage found{std::nullopt, manifest, signatures};
    if (const auto name = source.docker_name()) found.name = DockerName::parse(*name);
    policy->require_signed(policy_image(source), found, *rings);
  };
}

}  // namespace sealos::cli
