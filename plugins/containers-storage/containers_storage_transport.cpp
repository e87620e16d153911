#include "config.hpp"
#include "reference.hpp"
#include "sealos/sdk/plugin.hpp"

namespace sealos::containers_storage {

struct Transport {
  static constexpr const char* kName = "containers-storage";

  static std::unique_ptr<Reference> parse_reference(sdk::Host host, std::string_view details) {
    return std::make_unique<Reference>(host, details);
  }
  static std::vector<std::string> list_names(sdk::Host host) {
    return names_in_store(host, Environment::of_this_process());
  }
  static void check_policy_scope(std::string_view scope) { check_scope(scope); }
};

}  // namespace sealos::containers_storage

SEALOS_PLUGIN("containers-storage", SEALOS_PLUGIN_VERSION, sealos::containers_storage::Transport);
