// An OCI layout on disk: its folders, its locks, and index.json.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "blob_folder.hpp"
#include "sealos/sdk/host.hpp"
#include "support/file/file.hpp"
#include "support/oci_layout/layout_index.hpp"

namespace sealos::oci {

/// flock(2) on a folder, until this object ends. Where the file system has no such locks, a warning
/// is logged and all locks are had.
class FolderLock {
 public:
  enum class Kind { shared, exclusive };
  /// Waits for others, until the copy is cancelled.
  FolderLock(const sdk::Host& host, const std::string& path, Kind kind);
  /// Becomes exclusive if nobody else has it; otherwise it may be lost, and false is returned.
  bool try_exclusive();

 private:
  Fd folder_;
};

class LayoutFolder {
 public:
  /// A layout to be read or changed. Throws SEALOS_NOT_FOUND where there is none.
  static LayoutFolder open(const sdk::Host& host, const std::string& path);
  /// A layout to be added to; its folders are made if they are missing.
  static LayoutFolder make(const sdk::Host& host, const std::string& path);
  /// A layout that might be added to, or none yet: nothing is made, and blobs() may be nullptr.
  static LayoutFolder look(const sdk::Host& host, const std::string& path);

  const std::string& path() const { return path_; }
  const std::shared_ptr<const BlobFolder>& blobs() const { return blobs_; }
  /// Whether other layouts have blobs in that folder too, so that none may be removed.
  bool shares_blobs() const { return shares_blobs_; }

  /// One without entries where there is no index.json and `must_exist` is false.
  oci_layout::LayoutIndex read_index(bool must_exist) const;
  /// Hold index_lock() since before the index was read.
  void replace_index(const oci_layout::LayoutIndex& index) const;
  void write_layout_file() const;

  /// Held while index.json is read and replaced.
  FolderLock index_lock(const sdk::Host& host) const;
  /// Held, shared, by who puts blobs in; exclusive by who removes some. None for shared blobs.
  std::optional<FolderLock> blob_lock(const sdk::Host& host, FolderLock::Kind kind) const;

  /// Removes the folders that make() made, where they are empty. Never throws.
  void unmake() noexcept;

 private:
  LayoutFolder() = default;
  void check_version(const sdk::Host& host) const;
  void make_blobs(const sdk::Host& host);
  void open_blobs(const sdk::Host& host);

  std::string path_;
  Fd folder_;
  std::shared_ptr<const BlobFolder> blobs_;
  bool shares_blobs_ = false, made_folder_ = false, made_blobs_ = false;
};

}  // namespace sealos::oci
