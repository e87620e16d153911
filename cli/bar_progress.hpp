// Progress for a terminal: live bars.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "cli/progress_state.hpp"

namespace sealos::cli {

/// Draws a bar for each blob under way and one for the whole on `out`, a terminal (not owned), ten
/// times a second, below the lines of what has ended.
class BarProgress final : public ProgressState {
 public:
  explicit BarProgress(std::FILE* out);
  ~BarProgress() override;
  void finished(size_t blob, BlobOutcome outcome) override;
  void retrying(size_t blob, const Error& why) override;
  void note(const std::string& text) override;

 private:
  void run();
  void line_above(const std::string& text);
  void draw();
  void erase();

  std::FILE* out_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  size_t drawn_ = 0;  // lines on the screen that are drawn anew
  std::jthread painter_;
};

}  // namespace sealos::cli
