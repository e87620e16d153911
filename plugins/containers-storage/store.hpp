// The folders of a store, and what its records said at one moment.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config.hpp"
#include "records.hpp"
#include "support/file/file.hpp"

namespace sealos::containers_storage {

/// One graphroot: the primary one, or an additional image store. Paths handed out are relative to
/// the descriptors. Immutable.
class StoreRoot {
 public:
  /// images: where images and their layers lie, "" for graphroot. Throws SEALOS_NOT_FOUND.
  StoreRoot(std::string driver, std::string graphroot, const std::string& images, bool primary);

  const std::string& driver() const { return driver_; }
  const std::string& path() const { return path_; }
  bool primary() const { return primary_; }
  int images_fd() const { return images_ ? images_.get() : graph_.get(); }
  int graph_fd() const { return graph_.get(); }

  std::string layers_path(const std::string& file) const { return driver_ + "-layers/" + file; }
  std::string image_path(const std::string& file) const { return driver_ + "-images/" + file; }
  /// The folder of the layer's files, from images_fd().
  std::string files_path(const std::string& layer) const;
  /// From graph_fd(), also where images lie elsewhere.
  std::string tar_split_path(const std::string& layer) const {
    return layers_path(layer + ".tar-split.gz");
  }

 private:
  std::string driver_, path_;
  bool primary_;
  Fd graph_, images_;
};

struct StoredLayer : LayerRecord {
  const StoreRoot* root;
};
struct StoredImage : ImageRecord {
  const StoreRoot* root;
};

/// What all roots held when it was loaded; the primary root first, an ID only once.
struct Snapshot {
  std::vector<StoredLayer> layers;
  std::vector<StoredImage> images;

  const StoredLayer* layer(std::string_view id) const;
  const StoredImage* image(std::string_view id) const;
  /// The layers of an image, base first. Throws SEALOS_CORRUPT where one is missing.
  std::vector<const StoredLayer*> chain(const StoredImage& image) const;
};

/// A store opened for reading: nothing in it is written, not even a lock file. Thread-safe.
class Store {
 public:
  /// A graphroot that does not exist is an empty store. Throws SEALOS_DENIED where it may not be
  /// read.
  explicit Store(const StoreSettings& settings);

  const std::string& driver() const { return driver_; }
  const std::string& graphroot() const { return graphroot_; }
  const std::vector<std::unique_ptr<StoreRoot>>& roots() const { return roots_; }

  /// Under the shared locks that the others respect; they are given back before this returns.
  Snapshot load(const std::function<bool()>& cancelled) const;

 private:
  std::string driver_, graphroot_;
  std::vector<std::unique_ptr<StoreRoot>> roots_;
};

/// The bytes of an item of an image. Throws SEALOS_NOT_FOUND, and SEALOS_INVALID beyond 4 MiB.
std::string read_item(const StoredImage& image, const std::string& key);

}  // namespace sealos::containers_storage
