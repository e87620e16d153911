// An image of a store, read.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "lookup.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "store.hpp"

namespace sealos::containers_storage {

/// Sees the store as it was when this was made. Thread-safe.
class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Source(sdk::Host host, StoreSettings settings, const ImageForm& form);

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);
  std::vector<Item> read_signatures(const std::optional<Digest>& instance);
  std::vector<Blob> layer_infos(const std::optional<Digest>& instance);

 private:
  const StoredImage& image_of(const std::optional<Digest>& instance) const;
  std::string manifest_of(const StoredImage& image, const std::optional<Digest>& digest) const;
  std::string read_config(const Digest& digest) const;

  sdk::Host host_;
  Store store_;
  Snapshot snapshot_;
  Found found_;
};

}  // namespace sealos::containers_storage
