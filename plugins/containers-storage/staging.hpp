// Where layers are put together before the store knows of them.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "lock.hpp"
#include "support/file/file.hpp"

namespace sealos::containers_storage {

/// A folder of this writer's own inside a store, locked as long as the writer lives: what a killed
/// writer left is removed by the next one. Thread-safe.
class StagingArea {
 public:
  using Warn = std::function<void(const std::string&)>;

  /// `parent` is where all writers' folders are, below `folder`; it exists only while it is needed.
  /// `warn` hears of what cannot be removed, also from the destructor.
  StagingArea(int folder, std::string parent, const std::function<bool()>& cancelled, Warn warn);
  ~StagingArea();

  int fd() const { return own_.get(); }
  /// A new empty folder in it.
  std::string make_folder();

 private:
  void remove_dead() const;
  void remove_writer(const std::string& name) const;

  int folder_;
  Warn warn_;
  std::string parent_, name_;
  Fd all_, own_;
  FileLock lock_;
  std::atomic<unsigned> count_ = 0;
};

}  // namespace sealos::containers_storage
