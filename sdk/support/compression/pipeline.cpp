#include "support/compression/pipeline.hpp"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace sealos::compression {
namespace {

/// Asking the system takes a few calls of it, and start_thread asks for each block.
unsigned processors() {
  static const unsigned count = std::max(1U, std::thread::hardware_concurrency());
  return count;
}

std::atomic<unsigned> threads_in_use = 0;

// What is larger is given back at once: several streams would each keep a few of the largest.
constexpr size_t kKept = 3 << 20;

void recycle(Buffer& buffer) {
  if (buffer.capacity() > kKept) buffer = Buffer();
  buffer.clear();
}

}  // namespace

ThreadShare::ThreadShare(unsigned wanted) : count_(wanted), shared_(wanted == 0) {
  if (!shared_) return;
  unsigned used = threads_in_use;
  do {
    count_ = used < processors() ? processors() - used : 1;
  } while (!threads_in_use.compare_exchange_weak(used, used + count_));
}

ThreadShare::~ThreadShare() {
  if (shared_) threads_in_use -= count_;
}

bool ThreadShare::join(bool first) {
  unsigned used = threads_in_use;
  while (first || used < processors()) {
    if (threads_in_use.compare_exchange_weak(used, used + 1)) return true;
  }
  return false;
}

void ThreadShare::leave() { --threads_in_use; }

Pipeline::Pipeline(std::unique_ptr<BlockWork> work, unsigned threads, unsigned ahead)
    : work_(std::move(work)),
      shared_(threads == 0),
      most_threads_(shared_ ? processors() : threads),
      ahead_(ahead),
      slots_(most_threads_ + ahead) {
  threads_.reserve(most_threads_);
}

Pipeline::~Pipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  work_->stopped = true;
  freed_.notify_all();
  // No thread is added once stopped_ is set.
  for (std::thread& thread : threads_) {
    thread.join();
    if (shared_) ThreadShare::leave();
  }
}

/// With mutex_ held. The first thread must start, the others only help.
void Pipeline::start_thread() {
  if (stopped_ || threads_.size() >= most_threads_) return;
  if (shared_ && !ThreadShare::join(threads_.empty())) return;
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error& e) {
    if (shared_) ThreadShare::leave();
    if (threads_.empty())
      throw Error(Status::unavailable, std::string("starting a thread: ") + e.what());
  }
}

/// With turn_ held. False if there is nothing more to do.
bool Pipeline::take_turn(std::uint64_t& number) {
  std::unique_lock lock(mutex_);
  const auto has_room = [&] { return filled_ - taken_ < threads_.size() + ahead_; };
  freed_.wait(lock, [&] { return stopped_ || ended_ || has_room(); });
  if (stopped_ || ended_) return false;
  number = filled_;
  if (spare_.empty()) spare_.push_back(std::make_unique<Block>());
  slot(number).block = std::move(spare_.back());
  spare_.pop_back();
  return true;
}

void Pipeline::run() {
  while (true) {
    std::unique_lock turn(turn_);
    std::uint64_t number = 0;
    if (!take_turn(number)) return;
    Slot& mine = slot(number);
    std::exception_ptr error;
    bool filled = false;
    try {
      filled = work_->fill(*mine.block);
    } catch (...) {
      error = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      if (filled || error) ++filled_;
      if (!filled) ended_ = true;
      if (filled) start_thread();
    }
    turn.unlock();
    if (filled) {
      try {
        work_->work(*mine.block);
      } catch (...) {
        error = std::current_exception();
      }
    }
    const std::lock_guard lock(mutex_);
    if (filled || error) {
      mine.error = error;
      mine.done = true;
    }
    finished_.notify_one();
    if (!filled) return;
  }
}

/// Waits for the next block that has bytes; false at the end.
bool Pipeline::next_block() {
  std::unique_lock lock(mutex_);
  if (threads_.empty()) start_thread();
  while (true) {
    if (current_ != nullptr) {
      recycle(current_->in);
      recycle(current_->out);
      slot(taken_).done = false;
      spare_.push_back(std::move(slot(taken_).block));
      ++taken_;
      current_ = nullptr;
      freed_.notify_one();
    }
    finished_.wait(lock, [&] { return slot(taken_).done || (ended_ && taken_ == filled_); });
    if (!slot(taken_).done) return false;
    if (slot(taken_).error) {
      failed_ = slot(taken_).error;
      stopped_ = true;
      work_->stopped = true;
      freed_.notify_all();
      std::rethrow_exception(failed_);
    }
    current_ = slot(taken_).block.get();
    at_ = 0;
    work_->finish(*current_);
    if (!current_->out.empty()) return true;
  }
}

size_t Pipeline::read(std::span<std::byte> into) {
  if (failed_) std::rethrow_exception(failed_);
  if ((current_ == nullptr || at_ == current_->out.size()) && !next_block()) return 0;
  const std::span<const std::byte> rest = current_->out.bytes().subspan(at_);
  const size_t n = std::min(rest.size(), into.size());
  std::memcpy(into.data(), rest.data(), n);
  at_ += n;
  return n;
}

}  // namespace sealos::compression
