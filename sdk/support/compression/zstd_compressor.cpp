#include <fmt/format.h>
#include <zstd.h>

#include <memory>
#include <new>

#include "support/compression/compressor.hpp"
#include "support/compression/feed.hpp"
#include "support/compression/pipeline.hpp"

namespace sealos::compression {
namespace {

// Up to this level the window is at most 2 MiB, and so is a job.
constexpr int kSmallLevels = 5;
constexpr int kJob = 2 << 20;
constexpr int kWholeWindow = 9;
// RFC 8878 asks every reader to have 8 MiB; the levels above 19 would take up to 128.
constexpr int kMostWindowLog = 23;
constexpr int kMostWindowLevel = 19;
constexpr size_t kPiece = 256 * 1024;

/// libzstd cuts the stream into jobs for its own threads; each sees the window before it, so that
/// cutting costs next to nothing. Where it cuts depends on the level alone.
class ZstdWork final : public BlockWork {
 public:
  ZstdWork(std::unique_ptr<Stream> from, int level, unsigned threads)
      : from_(std::move(from)), context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_checksumFlag, 1);
    set(ZSTD_c_nbWorkers, static_cast<int>(threads));
    if (level > kMostWindowLevel) set(ZSTD_c_windowLog, kMostWindowLog);
    if (level <= kSmallLevels) {
      set(ZSTD_c_jobSize, kJob);
      set(ZSTD_c_overlapLog, kWholeWindow);
    }
  }

  bool fill(Block& block) override {
    while (!finished_ && block.out.size() < kPiece / 2) {
      if (at_ == in_.size() && !ended_) {
        in_.clear();
        at_ = 0;
        const size_t n = read_full(*from_, in_.room(kPiece), stopped);
        in_.grow(n);
        ended_ = n < kPiece;
      }
      compress_piece(block.out);
    }
    return !block.out.empty();
  }

 private:
  void compress_piece(Buffer& to) {
    const std::span<std::byte> room = to.room(kPiece - to.size());
    ZSTD_inBuffer in{in_.bytes().data(), in_.size(), at_};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const size_t left = check(
        ZSTD_compressStream2(context_.get(), &out, &in, ended_ ? ZSTD_e_end : ZSTD_e_continue));
    at_ = in.pos;
    to.grow(out.pos);
    finished_ = ended_ && left == 0;
  }

  void set(ZSTD_cParameter parameter, int value) {
    check(ZSTD_CCtx_setParameter(context_.get(), parameter, value));
  }
  static size_t check(size_t result) {
    if (ZSTD_isError(result)) {
      throw Error(Status::internal,
                  fmt::format("compressing with zstd: {}", ZSTD_getErrorName(result)));
    }
    return result;
  }

  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<Stream> from_;
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  Buffer in_;
  size_t at_ = 0;
  bool ended_ = false, finished_ = false;
};

class ZstdStream final : public Stream {
 public:
  ZstdStream(std::unique_ptr<Stream> from, int level, unsigned threads)
      : share_(threads),
        pipeline_(std::make_unique<ZstdWork>(std::move(from), level, share_.count()), 1, 2) {}
  size_t read(std::span<std::byte> into) override { return pipeline_.read(into); }

 private:
  ThreadShare share_;
  Pipeline pipeline_;
};

}  // namespace

std::unique_ptr<Stream> zstd_compressor(std::unique_ptr<Stream> from, int level, unsigned threads) {
  return std::make_unique<ZstdStream>(std::move(from), level, threads);
}

}  // namespace sealos::compression
