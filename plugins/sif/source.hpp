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

namespace sealos::sif {

/// An image that stands in the SIF as it was is served with its own digests; else the file system
/// becomes one layer.
class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Source(const sdk::Host& host, const std::string& path);

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);

 private:
  std::string name_;                                // for messages
  std::unique_ptr<oci_layout::LayoutSource> kept_;  // one of the two
  std::unique_ptr<FlatImage> flat_;
};

}  // namespace sealos::sif
