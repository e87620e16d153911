// An image, or a list of images, written into a store.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "commit.hpp"
#include "lookup.hpp"
#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "store.hpp"
#include "writable_store.hpp"

namespace sealos::containers_storage {

/// Layers are extracted as they come, in any order and several at once, into a staging folder;
/// commit links them into their chain. put_blob and try_reuse are thread-safe.
class Destination {
 public:
  static constexpr std::uint32_t kFlags =
      SEALOS_PARALLEL | SEALOS_THIS_PLATFORM_ONLY | SEALOS_UNPACKS;

  Destination(sdk::Host host, const StoreSettings& settings, const ImageForm& form,
              sdk::Intent intent);

  std::vector<std::string> manifest_types() const;
  Blob put_blob(const Blob& blob, Stream& from);
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  void put_signatures(const std::optional<Digest>& instance, const std::vector<Item>& items);
  std::optional<std::string> commit(const Item& top);
  void abort();

 private:
  struct Given {
    std::optional<Digest> instance;
    Item manifest;
    std::vector<Item> signatures;
  };
  /// Which layer each staged one becomes: it can be moved only once.
  using Taken = std::map<const StagedLayer*, std::string>;

  const StoredLayer* find_stored(const Digest& digest,
                                 const std::optional<std::string>& compression) const;
  std::vector<ChainLayer> make_chain(const Json& manifest, const std::vector<Digest>& diff_ids,
                                     Taken& taken);
  StagedLayer& stage_again(const Digest& diff_id, const std::string& id, StagedLayer* twin);
  void check_name(const Item& top) const;
  std::vector<NewImage> make_images(const Item& top);
  NewImage make_image(const Given& given, const Item& top, Taken& taken);
  std::string read_config(const std::string& digest) const;

  sdk::Host host_;
  StoreSettings settings_;
  ImageForm form_;
  std::optional<WritableStore> folders_;  // none in a preview
  Store store_;
  Snapshot snapshot_;  // from the beginning, and taken anew for commit
  std::unique_ptr<StagingArea> staging_;
  mutable std::mutex mutex_;
  std::map<std::string, StagedLayer> staged_;  // by digest of the blob
  std::map<std::string, std::string> used_;    // diffIDs, by the digest that was asked for
  std::map<std::string, std::string> configs_;
  std::map<std::string, std::unique_ptr<StagedLayer>> again_;  // by ID of the layer
  std::vector<Given> given_;  // in their order: images before the index that lists them
};

}  // namespace sealos::containers_storage
