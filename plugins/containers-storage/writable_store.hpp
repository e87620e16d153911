// The folders of a store that is written.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config.hpp"
#include "lock.hpp"
#include "metadata.hpp"
#include "staging.hpp"

namespace sealos::containers_storage {

/// Throws SEALOS_DENIED and SEALOS_UNSUPPORTED, with the reason, where stores of this kind cannot
/// be written.
void check_writable(const StoreSettings& settings);

/// Makes the folders of a store where they are missing, and holds them open. All of them are of one
/// mount, so that renames between them work even where a tool has mounted a folder over itself.
class WritableStore {
 public:
  /// Throws as check_writable does.
  WritableStore(const StoreSettings& settings, std::function<bool()> cancelled);

  const std::string& driver() const { return driver_; }
  bool is_vfs() const { return driver_ == "vfs"; }
  int graph() const { return graph_.get(); }
  int layers() const { return layers_.get(); }  ///< GRAPHROOT/<driver>-layers
  int images() const { return images_.get(); }
  int containers() const { return containers_.get(); }
  int home() const { return home_.get(); }  ///< GRAPHROOT/overlay, or GRAPHROOT/vfs/dir
  const std::string& run_root() const { return run_root_; }
  const std::function<bool()>& cancelled() const { return cancelled_; }
  Form form() const { return form_; }

  FileLock lock_layers() const;
  FileLock lock_images() const;
  FileLock lock_containers() const;

  /// A staging area from which folders can be renamed into home().
  std::unique_ptr<StagingArea> open_staging(StagingArea::Warn warn) const;

 private:
  void open_graph(const std::string& path);

  std::string driver_, run_root_;
  std::function<bool()> cancelled_;
  Form form_ = Form::overlay;
  Fd graph_, layers_, images_, containers_, home_;
};

/// Removes the layer's folders, link and tar-split. A layer that is not there is fine.
void remove_layer_files(const WritableStore& store, const std::string& id);

}  // namespace sealos::containers_storage
