#include "support/compression/pipeline.hpp"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace sealos::compression {
namespace {

unsigned processors() { return std::max(1U, std::thread::hardware_concurrency()); }

std::atomic<unsigned> threads_in_use = 0;

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

Pipeline::Pipeline(std::unique_ptr<BlockWork> work, unsigned threads, unsigned ahead)
    : work_(std::move(work)), most_threads_(std::max(1U, threads)), slots_(most_threads_ + ahead) {
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
  for (std::thread& thread : threads_) thread.join();
}

/// With mutex_ held. The first thread must start, the others only help.
void Pipeline::start_thread() {
  if (stopped_ || threads_.size() >= most_threads_) return;
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error& e) {
    if (threads_.empty())
      throw Error(Status::unavailable, std::string("starting a thread: ") + e.what());
  }
}

/// With turn_ held. False if there is nothing more to do.
bool Pipeline::take_turn(std::uint64_t& number) {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return stopped_ || ended_ || filled_ - taken_ < slots_.size(); });
  number = filled_;
  return !stopped_ && !ended_;
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
      filled = work_->fill(mine.block);
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
        work_->work(mine.block);
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
      current_->in.clear();
      current_->out.clear();
      slot(taken_).done = false;
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
    current_ = &slot(taken_).block;
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
