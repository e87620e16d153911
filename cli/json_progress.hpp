// --progress json: what happens, as events, one a line; docs/reports.md has the schema.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "core/copy/copy.hpp"
#include "support/json/json.hpp"

namespace sealos::cli {

/// Writes events to `out` (not owned). Safe for concurrent use.
class JsonProgress final : public Progress {
 public:
  explicit JsonProgress(std::FILE* out) : out_(out) {}

  void begin(size_t blobs, std::int64_t bytes) override;
  void started(size_t blob, const BlobReport& planned) override;
  void advanced(size_t blob, std::int64_t bytes) override;
  void retrying(size_t blob, const Error& why) override;
  void finished(size_t blob, const BlobReport& report) override;
  void note(const std::string& text) override;

  /// A message of a plugin or of the engine.
  void log(int level, const std::string& text);
  /// The last event: the copy has succeeded, or failed.
  void end(const Digest& digest);
  void failed(const std::string& message, int exit_code);

 private:
  using Clock = std::chrono::steady_clock;
  struct Blob {
    std::int64_t read = 0;
    Clock::time_point told;
  };

  /// Hold mutex_.
  void write(const char* event, Json members);

  std::FILE* out_;
  const Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  std::map<size_t, Blob> blobs_;
};

}  // namespace sealos::cli
