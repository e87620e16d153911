#include "core/stream/side_reader.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sealos {
namespace {

constexpr size_t kWaiting = 1 << 20;

}  // namespace

/// A pipe between two threads. Once one end has gone the other one does not wait any more.
class SideReader::Queue {
 public:
  void put(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return reader_gone_ || held_.size() < kWaiting; });
      if (reader_gone_) return;
      const size_t n = std::min(bytes.size(), kWaiting - held_.size());
      held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      bytes = bytes.subspan(n);
      changed_.notify_all();
    }
  }

  /// aborted: what came is not all there was.
  void end(bool aborted) {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    aborted_ = aborted;
    changed_.notify_all();
  }

  size_t take(std::span<std::byte> into) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || !held_.empty(); });
    if (aborted_) throw Error(Status::cancelled, "the layer was given up");
    const size_t n = std::min(into.size(), held_.size());
    std::copy_n(held_.begin(), n, into.begin());
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(n));
    changed_.notify_all();
    return n;
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    reader_gone_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::byte> held_;
  bool ended_ = false, aborted_ = false, reader_gone_ = false;
};

class SideReader::Worker {
 public:
  explicit Worker(std::function<void(Stream&)> reader)
      : reader_(std::move(reader)), thread_([this] { run(); }) {}
  ~Worker() {
    if (thread_.joinable()) finish(true);
  }

  Queue& queue() { return queue_; }
  bool done() const { return !thread_.joinable(); }
  void finish(bool aborted) {
    queue_.end(aborted);
    thread_.join();
  }
  void throw_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  class End final : public Stream {
   public:
    explicit End(Queue& queue) : queue_(queue) {}
    size_t read(std::span<std::byte> into) override { return queue_.take(into); }

   private:
    Queue& queue_;
  };

  void run() {
    try {
      End end(queue_);
      reader_(end);
    } catch (...) {
      failure_ = std::current_exception();
    }
    queue_.leave();
  }

  const std::function<void(Stream&)> reader_;
  Queue queue_;
  std::exception_ptr failure_;
  std::thread thread_;  // the last, so that it finds all of the above
};

SideReader::SideReader(std::unique_ptr<Stream> from, std::function<void(Stream&)> reader)
    : from_(std::move(from)), worker_(std::make_unique<Worker>(std::move(reader))) {}

SideReader::~SideReader() = default;

size_t SideReader::read(std::span<std::byte> into) {
  if (worker_->done()) return 0;
  const size_t n = from_->read(into);
  if (n != 0) {
    worker_->queue().put(into.first(n));
    return n;
  }
  worker_->finish(false);
  worker_->throw_failure();
  return 0;
}

}  // namespace sealos
