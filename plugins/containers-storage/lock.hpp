// The lock files of a store.
#pragma once

#include <functional>
#include <string>

#include "support/file/file.hpp"

namespace sealos::containers_storage {

/// Holds one lock file until it goes. The others lock with fcntl over the whole file; this is an
/// open file description's lock, which excludes theirs and, unlike theirs, is not lost when some
/// other descriptor of the file is closed.
class FileLock {
 public:
  enum class Kind { shared, exclusive };

  FileLock() = default;
  /// Waits; `cancelled` is asked now and then, and SEALOS_CANCELLED thrown once it says so.
  FileLock(Fd file, Kind kind, const std::string& name, const std::function<bool()>& cancelled);

  /// For a reader, who writes nothing: without the file, or the right to open it, nothing is
  /// locked.
  static FileLock for_reading(int folder, const std::string& path,
                              const std::function<bool()>& cancelled);
  /// For a writer: makes the file where it is missing.
  static FileLock for_writing(int folder, const std::string& path,
                              const std::function<bool()>& cancelled);
  /// Exclusive if nobody else has it, else an object that is false.
  static FileLock try_exclusive(Fd file);

  /// Tells the others, who compare these 64 bytes with those they remember, that what the lock
  /// protects changes now. Before the change is made, and under the exclusive lock.
  void announce_change() const;

  explicit operator bool() const { return static_cast<bool>(file_); }

 private:
  Fd file_;
};

}  // namespace sealos::containers_storage
