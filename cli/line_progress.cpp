#include "cli/line_progress.hpp"

#include <fmt/format.h>

#include "cli/duration.hpp"

namespace sealos::cli {

LineProgress::LineProgress(std::FILE* out) : out_(out), heart_([this] { beat(); }) {}

LineProgress::~LineProgress() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
}

void LineProgress::beat() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, std::chrono::seconds(10), [this] { return stop_; })) {
    const Snapshot now = snapshot();
    if (now.blobs > now.finished) line(now.summary());
  }
}

void LineProgress::line(const std::string& text) {
  const std::string whole = text + "\n";
  std::fwrite(whole.data(), 1, whole.size(), out_);
  std::fflush(out_);
}

void LineProgress::finished(size_t blob, BlobOutcome outcome) {
  const BlobState state = state_of(blob);
  const std::string size = state.size >= 0 ? ", " + human_size(state.size) : "";
  ProgressState::finished(blob, outcome);
  const std::lock_guard lock(mutex_);
  line(fmt::format("{}{}: {}", state.what, size, outcome_text(outcome)));
}

void LineProgress::retrying(size_t blob, const Error& why) {
  const BlobState state = state_of(blob);
  ProgressState::retrying(blob, why);
  const std::lock_guard lock(mutex_);
  line(fmt::format("{}: trying again: {}", state.what, why.message()));
}

void LineProgress::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  line(text);
}

}  // namespace sealos::cli
