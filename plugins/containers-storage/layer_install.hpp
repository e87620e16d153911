// Puts a staged layer where the driver looks for it.
#pragma once

#include <string>
#include <vector>

#include "layer_stager.hpp"
#include "store.hpp"
#include "writable_store.hpp"

namespace sealos::containers_storage {

/// A layer in the order of an image: either in the store already, or staged.
struct ChainLayer {
  std::string id, parent;
  const StoredLayer* stored = nullptr;
  StagedLayer* staged = nullptr;
};

/// The ID that every tool gives a layer with this parent ("": none) and diffID.
std::string layer_id(const std::string& parent, const Digest& diff_id);

/// Completes a staged layer that stands on chain[0..at): folders that the tar did not name get the
/// metadata they have below; for vfs the whole tree is put together. Locks nothing.
void complete_layer(const WritableStore& store, const StagingArea& staging,
                    const std::vector<ChainLayer>& chain, size_t at);

/// Moves a completed layer into the store. Under the layers' lock, with its incomplete record on
/// the disk.
void install_layer(const WritableStore& store, const StagingArea& staging,
                   const std::vector<ChainLayer>& chain, size_t at);

}  // namespace sealos::containers_storage
