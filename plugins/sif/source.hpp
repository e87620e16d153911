// Reads the image in a SIF.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "flat_image.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/source.hpp"
#include "support/oci_layout/layout_source.hpp"
#include "unpacked_image.hpp"

namespace sealos::sif {

/// An image that stands in the SIF as it was is served with its own digests, unless its files are
/// asked for; else the file system becomes one layer.
class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Source(const sdk::Host& host, const std::string& path);

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);

 private:
  std::string name_;                                // for messages
  std::unique_ptr<oci_layout::LayoutSource> kept_;  // one of the three
  std::unique_ptr<FlatImage> flat_;
  std::unique_ptr<UnpackedImage> unpacked_;
};

}  // namespace sealos::sif
