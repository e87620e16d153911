// The transport oci: and the entry of the plugin.
#include <memory>
#include <string_view>

#include "oci_reference.hpp"
#include "sealos/sdk/plugin.hpp"
#include "support/file/staged_file.hpp"

namespace sealos::oci {

struct Transport {
  static constexpr const char* kName = "oci";
  static constexpr const char* kOptions[] = {
      "oci.shared-blob-dir",
      "folder with the blobs of several layouts, in place of PATH/blobs",
      "oci.accept-uncompressed",
      "true: layers that come uncompressed stay so",
      "oci.verify-reused",
      "true: read blobs that are there already before they are used again",
      "oci.remove-replaced",
      "true: drop the image that loses its name, with its blobs",
      nullptr};

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return std::make_unique<Reference>(details);
  }
  static void check_policy_scope(std::string_view scope) { check_path_scope(scope); }
};

}  // namespace sealos::oci

SEALOS_PLUGIN("oci", SEALOS_PLUGIN_VERSION, sealos::oci::Transport);
