#include "core/stream/read_ahead.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sealos {
namespace {

constexpr size_t kBuffers = 3;
constexpr size_t kAheadBuffer = 256 * 1024;

class ReadAhead final : public Stream {
 public:
  ReadAhead(std::unique_ptr<Stream> from, std::function<void(std::span<const std::byte>)> inspect,
            std::function<void()> finish)
      : from_(std::move(from)),
        inspect_(std::move(inspect)),
        finish_(std::move(finish)),
        left_(from_->size()) {}

  ~ReadAhead() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
  }

  size_t read(std::span<std::byte> into) override {
    if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return filled_ > 0 || ended_; });
    if (filled_ == 0) {
      if (failure_) std::rethrow_exception(failure_);
      return 0;
    }
    Buffer& buffer = buffers_[first_];
    lock.unlock();  // a filled buffer is the reader's alone
    const size_t n = std::min(into.size(), buffer.used - buffer.taken);
    std::memcpy(into.data(), buffer.bytes.data() + buffer.taken, n);
    buffer.taken += n;
    if (left_ >= 0) left_ -= static_cast<std::int64_t>(n);
    if (buffer.taken == buffer.used) {
      lock.lock();
      first_ = (first_ + 1) % kBuffers;
      --filled_;
      changed_.notify_all();
    }
    return n;
  }
  std::int64_t size() const override { return left_; }

 private:
  struct Buffer {
    std::vector<std::byte> bytes;
    size_t used = 0, taken = 0;
  };

  void run() {
    try {
      while (fill_one()) {
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  /// False at the end, or when asked to stop.
  bool fill_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return filled_ < kBuffers || stop_; });
    if (stop_) return false;
    Buffer& buffer = buffers_[(first_ + filled_) % kBuffers];
    lock.unlock();
    if (buffer.bytes.empty()) buffer.bytes.resize(kAheadBuffer);
    buffer.used = buffer.taken = 0;
    bool ended = false;
    while (buffer.used < kAheadBuffer && !ended) {
      const size_t n = from_->read(std::span(buffer.bytes).subspan(buffer.used));
      ended = n == 0;
      buffer.used += n;
    }
    if (buffer.used > 0) inspect_(std::span(buffer.bytes.data(), buffer.used));
    if (ended) finish_();
    lock.lock();
    if (buffer.used > 0) ++filled_;
    changed_.notify_all();
    return !ended && !stop_;
  }

  std::unique_ptr<Stream> from_;
  std::function<void(std::span<const std::byte>)> inspect_;
  std::function<void()> finish_;
  std::int64_t left_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Buffer, kBuffers> buffers_;
  size_t first_ = 0, filled_ = 0;
  bool ended_ = false, stop_ = false;
  std::exception_ptr failure_;  // written before ended_, read after it
  std::jthread thread_;         // last: it ends before what it uses
};

}  // namespace

std::unique_ptr<Stream> read_ahead(std::unique_ptr<Stream> from,
                                   std::function<void(std::span<const std::byte>)> inspect,
                                   std::function<void()> finish) {
  return std::make_unique<ReadAhead>(std::move(from), std::move(inspect), std::move(finish));
}

}  // namespace sealos
