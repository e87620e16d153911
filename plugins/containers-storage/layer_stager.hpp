// A blob becomes a layer, ready to be linked into a store.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "metadata.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "staging.hpp"
#include "support/compression/compression.hpp"

namespace sealos::containers_storage {

/// A layer in the staging folder: its files in `folder`/diff, its tar-split in
/// `folder`/tar-split.gz.
struct StagedLayer {
  std::string folder;
  Digest blob_digest, diff_id;  ///< of the blob as it came, and of the tar in it
  std::int64_t blob_size = 0, diff_size = 0;
  Compression compression = Compression::none;
  std::set<std::uint32_t> uids, gids;
  std::vector<std::string> implied_folders;
  std::optional<TarEntry> root;  ///< what the tar says about the layer's root
  bool completed = false;        ///< see complete_layer
};

/// Reads the blob to its end. Nothing stays in the staging folder after an error. May be called
/// from several threads. `digest`: of the blob, if the stream verifies it.
StagedLayer stage_layer(StagingArea& staging, Stream& blob, const std::optional<Digest>& digest,
                        Form form);

/// The number that layers.json has for a compression.
std::int64_t number_of(Compression kind);

}  // namespace sealos::containers_storage
