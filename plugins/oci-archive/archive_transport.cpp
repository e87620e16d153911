// The transport oci-archive: and the entry of the plugin.
#include <memory>
#include <string_view>

#include "archive_reference.hpp"
#include "sealos/sdk/plugin.hpp"
#include "support/file/staged_file.hpp"

namespace sealos::oci_archive {

struct Transport {
  static constexpr const char* kName = "oci-archive";
  static constexpr const char* kOptions[] = {
      "referrers-only",
      "what is written only refers to images that are there already",
      "oci-archive.existing",
      "add, replace or refuse a file that is there; else it is replaced unless it holds images of "
      "other names",
      "oci-archive.accept-uncompressed",
      "true: layers that come uncompressed stay so",
      nullptr};

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return std::make_unique<Reference>(details);
  }
  static void check_policy_scope(std::string_view scope) { check_path_scope(scope); }
};

}  // namespace sealos::oci_archive

SEALOS_PLUGIN("oci-archive", SEALOS_PLUGIN_VERSION, sealos::oci_archive::Transport);
