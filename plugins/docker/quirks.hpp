// How uploads are made at which registry.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "settings.hpp"

namespace sealos::docker {

/// patch: POST, one PATCH with everything, PUT. put: POST, PUT with everything. chunks: POST, a
/// PATCH with a Content-Range for each part, PUT.
enum class UploadWay { patch, put, chunks };

struct UploadHabit {
  UploadWay way = UploadWay::patch;
  std::int64_t chunk = std::int64_t{64} << 20;
  bool needs_length = false;  ///< no Transfer-Encoding: chunked
};

/// What is known of the host from the start.
UploadHabit known_habit(const std::string& host, const Settings& settings);

/// What the registry has taught so far. Safe for concurrent use.
class UploadHabits {
 public:
  explicit UploadHabits(UploadHabit first) : habit_(first) {}

  UploadHabit get() const;
  /// The registry refused this way: the next one. False if there is none left.
  bool refuse(const UploadHabit& refused);
  /// The registry wants parts of at least this size (OCI-Chunk-Min-Length).
  void at_least(std::int64_t chunk);

 private:
  mutable std::mutex mutex_;
  UploadHabit habit_;
};

/// Whether a status means that the request was made in a way the registry does not take.
bool is_refused_way(int http_status);

}  // namespace sealos::docker
