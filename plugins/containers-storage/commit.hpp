// Makes staged layers and an image part of a store.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "layer_install.hpp"
#include "sealos/sdk/types.hpp"
#include "writable_store.hpp"

namespace sealos::containers_storage {

/// An image to be, or a list of images, which has no layers.
struct NewImage {
  std::string id;
  std::string name;     ///< full; "": none
  std::string created;  ///< as the config has it; "": now
  /// Keys and bytes, in their order; of "manifest..." items the digest is that of the bytes.
  std::vector<std::pair<std::string, std::string>> items;
  Json metadata = Json::object();  ///< sizes of signatures
  std::vector<ChainLayer> chain;   ///< base first
};

/// All under the store's locks, which are held for as long as a few renames take: at every moment
/// the others see the store with none of the images, or with all. Layers that the store got
/// meanwhile are used instead of the staged ones. Throws SEALOS_EXISTS where an image with the same
/// ID has other layers.
void commit_images(const WritableStore& store, const StagingArea& staging,
                   std::vector<NewImage>& images);

}  // namespace sealos::containers_storage
