// The transport ostree: and the entry of the plugin.
#include <memory>
#include <string_view>

#include "reference.hpp"
#include "sealos/sdk/plugin.hpp"

namespace sealos::ostree {

struct Transport {
  static constexpr const char* kName = "ostree";
  static constexpr const char* kOptions[] = {
      "ostree.layers",
      "split: as files that layers and images share (the default); raw: as they are, so that "
      "digests stay",
      "ostree.create",
      "bare, bare-user, bare-user-only or archive: make the repository if there is none", nullptr};

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return std::make_unique<Reference>(details);
  }
  static void check_policy_scope(std::string_view scope) { check_scope(scope); }
};

}  // namespace sealos::ostree

SEALOS_PLUGIN("ostree", SEALOS_PLUGIN_VERSION, sealos::ostree::Transport);
