#include "cli/progress_state.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/duration.hpp"

namespace sealos::cli {

std::string Snapshot::summary() const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const double rate = seconds > 0.2 ? static_cast<double>(done) / seconds : 0;
  const int percent = bytes > 0 ? static_cast<int>(done * 100 / bytes) : 100;
  std::string text = fmt::format("{}%, {} of {}", percent, human_size(done), human_size(bytes));
  if (rate > 0) {
    text += fmt::format(", {}/s", human_size(static_cast<std::int64_t>(rate)));
    const auto left = static_cast<std::int64_t>(static_cast<double>(bytes - done) / rate);
    if (bytes > done) text += fmt::format(", {} left", human_time(std::chrono::seconds(left)));
  }
  return text;
}

void ProgressState::begin(size_t blobs, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  blobs_ = blobs;
  bytes_ = bytes;
  start_ = std::chrono::steady_clock::now();
}

void ProgressState::started(size_t blob, const BlobReport& planned) {
  const std::lock_guard lock(mutex_);
  active_[blob] = {planned.what, planned.source_size, 0};
}

void ProgressState::advanced(size_t blob, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  active_[blob].done += bytes;
  done_ += bytes;
}

void ProgressState::retrying(size_t blob, const Error&) {
  const std::lock_guard lock(mutex_);
  done_ -= active_[blob].done;
  active_[blob].done = 0;
}

void ProgressState::finished(size_t blob, const BlobReport&) {
  const std::lock_guard lock(mutex_);
  const BlobState& state = active_[blob];
  done_ += std::max<std::int64_t>(0, state.size) - state.done;
  active_.erase(blob);
  ++finished_;
}

Snapshot ProgressState::snapshot() const {
  const std::lock_guard lock(mutex_);
  Snapshot now{blobs_, finished_,
               bytes_, std::clamp<std::int64_t>(done_, 0, bytes_),
               {},     std::chrono::steady_clock::now() - start_};
  for (const auto& [number, state] : active_) now.active.push_back(state);
  return now;
}

const char* ProgressState::outcome_text(BlobOutcome outcome) {
  switch (outcome) {
    case BlobOutcome::copied:
      return "done";
    case BlobOutcome::reused:
      return "there already";
    case BlobOutcome::mounted:
      return "mounted";
    case BlobOutcome::left_at_url:
      return "stays at its URLs";
  }
  return "";
}

BlobState ProgressState::state_of(size_t blob) const {
  const std::lock_guard lock(mutex_);
  const auto at = active_.find(blob);
  return at == active_.end() ? BlobState{} : at->second;
}

}  // namespace sealos::cli
