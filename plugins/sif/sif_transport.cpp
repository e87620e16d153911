// The transport sif: and the entry of the plugin.
#include <memory>
#include <string_view>

#include "reference.hpp"
#include "sealos/sdk/plugin.hpp"
#include "support/file/staged_file.hpp"

namespace sealos::sif {

struct Transport {
  static constexpr const char* kName = "sif";
  static constexpr const char* kOptions[] = {
      "sif.format",
      "native: what Apptainer and SingularityCE run, the default; oci: an OCI-SIF, with all "
      "digests",
      "sif.keep-layers",
      "true: the layers stay in a native SIF too, to get the same image back",
      "sif.compression",
      "of the file system: gzip, the default, or zstd",
      "sif.level",
      "of compression: 1 to 12 for gzip, 1 to 22 for zstd",
      "sif.owners",
      "keep, the default; root: all files belong to root",
      "sif.fix-perms",
      "true: their owner may read and write all files, and enter all folders",
      "sif.existing",
      "replace or refuse a file that is there; else it is replaced if it is a SIF",
      "sif.read",
      "original, filesystem or skopeo: the image kept in it, its files, or these as skopeo reads "
      "them; default: the first if it is there",
      nullptr};

  static std::unique_ptr<Reference> parse_reference(sdk::Host, std::string_view details) {
    return std::make_unique<Reference>(details);
  }
  static void check_policy_scope(std::string_view scope) { check_path_scope(scope); }
};

}  // namespace sealos::sif

SEALOS_PLUGIN("sif", SEALOS_PLUGIN_VERSION, sealos::sif::Transport);
