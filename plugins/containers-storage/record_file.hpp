// layers.json and images.json, changed while the others look on.
#pragma once

#include <string>

#include "lock.hpp"
#include "support/json/json.hpp"

namespace sealos::containers_storage {

/// The records of one file. The caller holds the lock, exclusively, as long as this lives.
class RecordFile {
 public:
  /// A file that is missing has no records. Throws SEALOS_CORRUPT.
  RecordFile(int folder, std::string name, const FileLock& lock);

  Json::Array& records() { return records_; }
  Json* find(const std::string& id);
  bool contains(const std::string& id) { return find(id) != nullptr; }
  void erase(const std::string& id);
  /// Replaces the file on the disk, after the others were told that it changes.
  void save();

 private:
  void remove_asides() const;

  int folder_;
  std::string name_;
  const FileLock& lock_;
  Json::Array records_;
};

/// "2026-01-31T12:00:00.123456789Z"
std::string time_now();

bool is_incomplete(const Json& layer);

}  // namespace sealos::containers_storage
