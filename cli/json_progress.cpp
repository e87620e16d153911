#include "cli/json_progress.hpp"

#include "cli/report_json.hpp"
#include "sealos/abi.h"

namespace sealos::cli {
namespace {

/// At most one "progress" event a blob in this time.
constexpr auto kPeriod = std::chrono::milliseconds(500);

Json numbered(size_t blob, Json members = Json::object()) {
  Json json = Json::object({{"blob", Json(static_cast<std::int64_t>(blob))}});
  for (auto& [key, value] : members.members("event")) json.set(key, std::move(value));
  return json;
}

}  // namespace

void JsonProgress::write(const char* event, Json members) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  Json json = Json::object({{"event", Json(event)}, {"ms", Json(std::int64_t{since.count()})}});
  for (auto& [key, value] : members.members("event")) json.set(key, std::move(value));
  const std::string line = json.dump() + "\n";
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

void JsonProgress::begin(size_t blobs, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  write("begin",
        Json::object({{"blobs", Json(static_cast<std::int64_t>(blobs))}, {"bytes", Json(bytes)}}));
}

void JsonProgress::started(size_t blob, const BlobReport& planned) {
  const std::lock_guard lock(mutex_);
  blobs_[blob] = {0, Clock::now()};
  write("start", numbered(blob, start_json(planned)));
}

void JsonProgress::advanced(size_t blob, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  Blob& state = blobs_[blob];
  state.read += bytes;
  const auto now = Clock::now();
  if (now - state.told < kPeriod) return;
  state.told = now;
  write("progress", numbered(blob, Json::object({{"read", Json(state.read)}})));
}

void JsonProgress::retrying(size_t blob, const Error& why) {
  const std::lock_guard lock(mutex_);
  blobs_[blob].read = 0;
  write("retry", numbered(blob, Json::object({{"error", Json(why.message())}})));
}

void JsonProgress::finished(size_t blob, const BlobReport& report) {
  const std::lock_guard lock(mutex_);
  blobs_.erase(blob);
  write("done", numbered(blob, blob_json(report, true)));
}

void JsonProgress::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  write("note", Json::object({{"text", Json(text)}}));
}

void JsonProgress::log(int level, const std::string& text) {
  const char* name = level >= SEALOS_LOG_ERROR     ? "error"
                     : level >= SEALOS_LOG_WARNING ? "warning"
                     : level >= SEALOS_LOG_INFO    ? "info"
                                                   : "debug";
  const std::lock_guard lock(mutex_);
  write("log", Json::object({{"level", Json(name)}, {"text", Json(text)}}));
}

void JsonProgress::end(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  write("end", Json::object({{"digest", Json(digest.str())}}));
}

void JsonProgress::failed(const std::string& message, int exit_code) {
  const std::lock_guard lock(mutex_);
  write("error", Json::object({{"exitCode", Json(exit_code)}, {"message", Json(message)}}));
}

}  // namespace sealos::cli
