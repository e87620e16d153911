// An OCI-SIF whose layers are squashfs, as an image with layers that are tar.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/types.hpp"
#include "sif_file.hpp"
#include "squashfs_layer.hpp"
#include "support/json/json.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos::sif {

/// Layers of other kinds stay as they are. Digests are new. Safe for concurrent use.
class UnpackedImage {
 public:
  /// original: the image as it stands in the file. Throws SEALOS_UNSUPPORTED where that is an
  /// index, and where a layer is an ext3.
  UnpackedImage(const sdk::Host& host, std::shared_ptr<const SifFile> file,
                std::unique_ptr<oci_layout::LayoutSource> original);

  Item manifest();
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);

 private:
  struct Made {
    std::string manifest, config;
    Digest config_digest;
    std::map<Digest, SquashfsLayer> layers;
  };

  const Made& made();
  Made make();
  std::string read(const Json& descriptor);
  SquashfsLayer layer_of(const Json& descriptor, bool overlay) const;

  sdk::Host host_;
  std::shared_ptr<const SifFile> file_;
  std::unique_ptr<oci_layout::LayoutSource> original_;
  std::mutex mutex_;  // guards made_
  std::optional<Made> made_;
};

}  // namespace sealos::sif
