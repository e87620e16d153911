// The transport "docker": registries that speak the OCI distribution protocol.
#include "destination.hpp"
#include "login.hpp"
#include "reference.hpp"
#include "sealos/sdk/plugin.hpp"
#include "settings.hpp"
#include "source.hpp"

namespace sealos::docker {

struct Transport {
  static constexpr const char* kName = "docker";
  static constexpr std::uint32_t kCapabilities = SEALOS_ASKS_CREDENTIALS;
  static constexpr const char* const* kOptions = docker::kOptions;

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return Reference::parse(details);
  }
  static void check_login(sdk::Host host, std::string_view scope) {
    docker::check_login(host, scope);
  }
};

}  // namespace sealos::docker

SEALOS_PLUGIN("docker", SEALOS_PLUGIN_VERSION, sealos::docker::Transport);
