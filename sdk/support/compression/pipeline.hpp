// A stream whose bytes are made block by block on threads of its own, in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "sealos/sdk/stream.hpp"
#include "support/compression/buffer.hpp"

namespace sealos::compression {

/// What else a kind of work knows of a block.
struct BlockExtra {
  virtual ~BlockExtra() = default;
};

struct Block {
  Buffer in, out;
  size_t plain = 0;  ///< what fill tells work: how long `out` becomes
  std::unique_ptr<BlockExtra> extra;
};

/// What is done with each block.
class BlockWork {
 public:
  virtual ~BlockWork() = default;
  /// Takes the next block's input; false at the end. Calls come one at a time, in the order of the
  /// blocks, from any thread. The block's buffers are empty.
  virtual bool fill(Block& block) = 0;
  /// Makes block.out. Calls for several blocks run at once.
  virtual void work(Block&) {}
  /// Looks at each block when its turn to be read comes, on the reader's thread.
  virtual void finish(Block&) {}

  /// Set when nobody wants more; fill looks at it between reads and then throws anything.
  std::atomic<bool> stopped = false;
};

/// How many threads the compressing streams of this process have together: the number of
/// processors. A stream that finds none left gets one all the same, so that many streams at once do
/// not multiply threads, and with them memory.
class ThreadShare {
 public:
  /// At most `wanted`; 0: as many as are free.
  explicit ThreadShare(unsigned wanted);
  ~ThreadShare();
  ThreadShare(const ThreadShare&) = delete;
  ThreadShare& operator=(const ThreadShare&) = delete;
  unsigned count() const { return count_; }

  /// One thread more, given back with leave(). False if all are taken, unless it is the first of
  /// its stream.
  static bool join(bool first);
  static void leave();

 private:
  unsigned count_;
  bool shared_;
};

/// Reads `out` of the blocks one after another. Threads start with the first read, one after
/// another as long as there is input, and have ended when the destructor returns; that waits for
/// at most one read of the stream below. An error stands where its block would have been, and comes
/// again when read is called again.
class Pipeline final : public Stream {
 public:
  /// Up to `threads` blocks at a time; 0: as many as ThreadShare has, now and later. `ahead` more
  /// may be done before they are asked for.
  Pipeline(std::unique_ptr<BlockWork> work, unsigned threads, unsigned ahead);
  ~Pipeline() override;
  size_t read(std::span<std::byte> into) override;

 private:
  struct Slot {
    std::unique_ptr<Block> block;  // nullptr: not filled yet
    std::exception_ptr error;
    bool done = false;
  };

  void run();
  bool take_turn(std::uint64_t& number);
  void start_thread();
  bool next_block();
  Slot& slot(std::uint64_t number) { return slots_[number % slots_.size()]; }

  std::unique_ptr<BlockWork> work_;
  const bool shared_;
  const unsigned most_threads_, ahead_;
  std::vector<Slot> slots_;
  std::mutex turn_;   // held by the thread that fills
  std::mutex mutex_;  // guards what follows, and Slot::error and Slot::done
  std::condition_variable freed_, finished_;
  std::vector<std::thread> threads_;
  std::vector<std::unique_ptr<Block>> spare_;  // blocks that were read, for their buffers
  std::uint64_t filled_ = 0;                   // blocks that were given to a thread
  std::uint64_t taken_ = 0;                    // blocks that were read to their end
  bool ended_ = false;                         // no block comes after filled_
  bool stopped_ = false;
  // The reader's own.
  Block* current_ = nullptr;
  size_t at_ = 0;
  std::exception_ptr failed_;
};

}  // namespace sealos::compression
