// The transport docker-archive: and the entry of the plugin.
#include <memory>
#include <string_view>

#include "reference.hpp"
#include "sealos/sdk/plugin.hpp"

namespace sealos::docker_archive {

struct Transport {
  static constexpr const char* kName = "docker-archive";
  static constexpr const char* kOptions[] = {
      "docker-archive.existing",
      "add to, replace or refuse a file that is there; default: refuse",
      "docker-archive.format",
      "hybrid: Docker archive and OCI layout in one; plain: as before Docker 25",
      "docker-archive.tags",
      "more names for the image, separated by commas",
      "docker-archive.decompress",
      "true: layers are stored uncompressed, for old engines",
      "docker-archive.prefer",
      "oci or docker: the part of a hybrid to read, agreeing or not",
      nullptr};

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return std::make_unique<Reference>(details);
  }
  static void check_policy_scope(std::string_view scope) {
    if (!scope.empty())
      throw Error(Status::invalid, "docker-archive: has no scopes but the empty one");
  }
};

}  // namespace sealos::docker_archive

SEALOS_PLUGIN("docker-archive", SEALOS_PLUGIN_VERSION, sealos::docker_archive::Transport);
