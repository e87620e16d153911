#include "support/compression/zstd_frames.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "support/compression/feed.hpp"
#include "support/compression/pool.hpp"
#include "support/compression/zstd_context.hpp"

namespace sealos::compression {
namespace {

constexpr size_t kFrame = size_t{1} << kMostWindowLog;

/// The memory for the input of frames, which is most of what compressing takes. All streams of the
/// process share it; who comes first is served first.
class Inputs {
 public:
  static Inputs& all() {
    static Inputs inputs;
    return inputs;
  }

  /// Waits until there is one. Throws SEALOS_CANCELLED once `stopped` is set.
  Buffer take(const std::atomic<bool>& stopped) {
    std::unique_lock lock(mutex_);
    const std::uint64_t ticket = next_++;
    waiting_.push_back(ticket);
    const auto is_next = [&] { return free_ != 0 && waiting_.front() == ticket; };
    while (!changed_.wait_for(lock, kLook, is_next)) {
      if (!stopped) continue;
      waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
      changed_.notify_all();
      throw Error(Status::cancelled, "compressing was given up");
    }
    waiting_.pop_front();
    --free_;
    Buffer buffer;
    if (!buffers_.empty()) {
      buffer = std::move(buffers_.back());
      buffers_.pop_back();
    }
    buffer.clear();
    changed_.notify_all();
    return buffer;
  }

  void give_back(Buffer buffer) {
    const std::lock_guard lock(mutex_);
    ++free_;
    buffers_.push_back(std::move(buffer));
    changed_.notify_all();
  }

 private:
  static constexpr std::chrono::milliseconds kLook{50};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ = 0;
  std::deque<std::uint64_t> waiting_;
  size_t free_ = std::max(1U, std::thread::hardware_concurrency());
  std::vector<Buffer> buffers_;
};

/// An input, for as long as its bytes are needed.
struct Input final : BlockExtra {
  explicit Input(const std::atomic<bool>& stopped) : bytes(Inputs::all().take(stopped)) {}
  ~Input() override { Inputs::all().give_back(std::move(bytes)); }
  Buffer bytes;
};

class ZstdFrames final : public BlockWork {
 public:
  ZstdFrames(std::unique_ptr<Stream> from, int level) : from_(std::move(from)), level_(level) {}

  bool fill(Block& block) override {
    if (ended_) return false;
    auto input = std::make_unique<Input>(stopped);
    const size_t n = read_full(*from_, input->bytes.room(kFrame), stopped);
    input->bytes.grow(n);
    block.extra = std::move(input);
    ended_ = n < kFrame;
    const bool needed = n != 0 || first_;  // nothing at all is one empty frame
    if (!needed) block.extra.reset();
    first_ = false;
    return needed;
  }

  void work(Block& block) override {
    const std::unique_ptr<BlockExtra> input = std::move(block.extra);
    const std::span<const std::byte> plain = static_cast<Input&>(*input).bytes.bytes();
    ZstdCompressor context = contexts_.take([this] { return zstd_context(level_); });
    const std::span<std::byte> room = block.out.room(ZSTD_compressBound(plain.size()));
    block.out.grow(checked_zstd(
        ZSTD_compress2(context.get(), room.data(), room.size(), plain.data(), plain.size())));
    contexts_.give_back(std::move(context));
  }

 private:
  std::unique_ptr<Stream> from_;
  const int level_;
  bool first_ = true, ended_ = false;
  Pool<ZstdCompressor> contexts_;
};

}  // namespace

std::unique_ptr<BlockWork> zstd_frames(std::unique_ptr<Stream> from, int level) {
  return std::make_unique<ZstdFrames>(std::move(from), level);
}

}  // namespace sealos::compression
