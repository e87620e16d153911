// The transport dir: and the entry of the plugin.
#include <memory>
#include <string_view>

#include "dir_reference.hpp"
#include "sealos/sdk/plugin.hpp"
#include "support/file/staged_file.hpp"

namespace sealos::dir {

struct Transport {
  static constexpr const char* kName = "dir";
  static constexpr const char* kOptions[] = {
      "dir.compress",
      "true: layers that come uncompressed are compressed",
      "dir.decompress",
      "true: layers are stored uncompressed",
      "dir.verify-reused",
      "true: read blobs that are there already before they are used again",
      nullptr};

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return std::make_unique<Reference>(details);
  }
  static void check_policy_scope(std::string_view scope) { check_path_scope(scope); }
};

}  // namespace sealos::dir

SEALOS_PLUGIN("dir", SEALOS_PLUGIN_VERSION, sealos::dir::Transport);
