// How far a copy is, for those who show it.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/copy/copy.hpp"

namespace sealos::cli {

struct BlobState {
  std::string what;
  std::int64_t size = -1, done = 0;
};

/// A picture of one moment.
struct Snapshot {
  size_t blobs = 0, finished = 0;
  std::int64_t bytes = 0, done = 0;  ///< bytes at the source: in all, and behind us
  std::vector<BlobState> active;
  std::chrono::steady_clock::duration elapsed{};

  /// "42%, 512.0 MB of 1.2 GB, 80.1 MB/s, 9s left".
  std::string summary() const;
};

/// Counts what Progress tells. Safe for concurrent use; derived classes show it.
class ProgressState : public Progress {
 public:
  void begin(size_t blobs, std::int64_t bytes) override;
  void started(size_t blob, const BlobReport& planned) override;
  void advanced(size_t blob, std::int64_t bytes) override;
  void retrying(size_t blob, const Error& why) override;
  void finished(size_t blob, const BlobReport& report) override;

 protected:
  Snapshot snapshot() const;
  /// "done", "there already", "mounted", "stays at its URLs".
  static const char* outcome_text(BlobOutcome outcome);
  BlobState state_of(size_t blob) const;

 private:
  mutable std::mutex mutex_;
  size_t blobs_ = 0, finished_ = 0;
  std::int64_t bytes_ = 0, done_ = 0;
  std::map<size_t, BlobState> active_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace sealos::cli
