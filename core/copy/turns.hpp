// Tasks that run at the same time and still begin one after another.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <set>

namespace sealos {

/// Turns come by position: 0, 1, 2, ... Safe for concurrent use.
class Turns {
 public:
  /// Waits until the turns of all positions before have been passed on.
  void wait(size_t position);
  void pass(size_t position);

 private:
  std::mutex mutex_;
  std::condition_variable passed_;
  size_t first_ = 0;  // whose turn has not been passed on
  std::set<size_t> later_;
};

/// One task's turn, passed on at the latest when this goes.
class Turn {
 public:
  /// turns: nullptr where the order does not matter.
  Turn(Turns* turns, size_t position) : turns_(turns), position_(position) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { pass(); }

  void wait() {
    if (turns_ != nullptr) turns_->wait(position_);
  }
  /// By the task's own thread, or one that it waits for.
  void pass() {
    if (turns_ != nullptr && !passed_) turns_->pass(position_);
    passed_ = true;
  }
  /// Whether there are turns at all.
  bool matters() const { return turns_ != nullptr; }

 private:
  Turns* const turns_;
  const size_t position_;
  bool passed_ = false;
};

}  // namespace sealos
