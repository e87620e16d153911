#include "cli/text_progress.hpp"

#include <fmt/format.h>

#include "cli/duration.hpp"

namespace sealos::cli {

void TextProgress::finished(size_t blob, const BlobReport& report) {
  ProgressState::finished(blob, report);
  const std::string size =
      report.source_size >= 0 ? ", " + human_size(report.source_size) : std::string();
  const std::lock_guard lock(mutex_);
  line(fmt::format("{}{}: {}", report.what, size, outcome_text(report.outcome)));
}

void TextProgress::retrying(size_t blob, const Error& why) {
  const BlobState state = state_of(blob);
  ProgressState::retrying(blob, why);
  const std::lock_guard lock(mutex_);
  line(fmt::format("{}: trying again: {}", state.what, why.message()));
}

void TextProgress::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  line(text);
}

Ticker::Ticker(std::mutex& mutex, std::chrono::milliseconds period, std::function<void()> body)
    : mutex_(mutex), thread_([this, period, body = std::move(body)] {
        std::unique_lock lock(mutex_);
        while (!stopped_.wait_for(lock, period, [this] { return stop_; })) body();
      }) {}

void Ticker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace sealos::cli
