// Progress as text: what the kinds for terminals and for logs share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "cli/progress_state.hpp"

namespace sealos::cli {

/// A line for each blob that has ended, each new try and each note.
class TextProgress : public ProgressState {
 public:
  void finished(size_t blob, const BlobReport& report) final;
  void retrying(size_t blob, const Error& why) final;
  void note(const std::string& text) final;

 protected:
  /// out: not owned.
  explicit TextProgress(std::FILE* out) : out_(out) {}
  /// Writes a line, which has no end yet. Called with mutex_ held.
  virtual void line(const std::string& text) = 0;

  std::FILE* out_;
  std::mutex mutex_;
};

/// Calls `body` every `period`, with `mutex` held, on a thread of its own until it is stopped.
class Ticker {
 public:
  Ticker(std::mutex& mutex, std::chrono::milliseconds period, std::function<void()> body);
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  ~Ticker() { stop(); }
  void stop();

 private:
  std::mutex& mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sealos::cli
