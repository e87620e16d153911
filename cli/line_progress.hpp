// Progress for logs: a line for each blob, and one now and then.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "cli/progress_state.hpp"

namespace sealos::cli {

/// Writes to `out` (not owned) a line when a blob has ended, and every ten seconds one that says
/// how far the whole is.
class LineProgress final : public ProgressState {
 public:
  explicit LineProgress(std::FILE* out);
  ~LineProgress() override;
  void finished(size_t blob, BlobOutcome outcome) override;
  void retrying(size_t blob, const Error& why) override;
  void note(const std::string& text) override;

 private:
  void beat();
  void line(const std::string& text);

  std::FILE* out_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::jthread heart_;
};

}  // namespace sealos::cli
