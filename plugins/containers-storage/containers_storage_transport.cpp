#include "config.hpp"
#include "reference.hpp"
#include "sealos/sdk/plugin.hpp"

namespace sealos::containers_storage {

struct Transport {
  static constexpr const char* kName = "containers-storage";

  static std::unique_ptr<Reference> parse_reference(sdk::Host host, std::string_view details) {
    return std::make_unique<Reference>(host, details);
  }
  static void check_policy_scope(std::string_view scope) { check_scope(scope); }
};

}  // namespace sealos::containers_storage

SEALOS_PLUGIN("containers-storage", SEALOS_PLUGIN_VERSION, sealos::containers_storage::Transport);
