// The transport docker-daemon: and the entry of the plugin.
#include <memory>
#include <string_view>

#include "daemon_reference.hpp"
#include "sealos/sdk/plugin.hpp"

namespace sealos::docker_daemon {

struct Transport {
  static constexpr const char* kName = "docker-daemon";
  static constexpr const char* kOptions[] = {
      "docker-daemon.host",
      "where the daemon is, in place of DOCKER_HOST: unix:///PATH, tcp://HOST:PORT, "
      "https://HOST:PORT",
      "tls-verify",
      "true: talk TLS over tcp, and check the daemon's certificate; false: do not check it",
      "cert-dir",
      "folder with ca.pem, cert.pem and key.pem, in place of DOCKER_CERT_PATH; makes tcp TLS",
      nullptr};

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return std::make_unique<Reference>(details);
  }
};

}  // namespace sealos::docker_daemon

SEALOS_PLUGIN("docker-daemon", SEALOS_PLUGIN_VERSION, sealos::docker_daemon::Transport);
