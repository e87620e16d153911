#include <fmt/format.h>

#include <memory>
#include <new>

#include "support/compression/compressor.hpp"
#include "support/compression/feed.hpp"
#include "support/compression/pipeline.hpp"
#include "support/compression/zstd_context.hpp"
#include "support/compression/zstd_frames.hpp"

namespace sealos::compression {
namespace {

constexpr int kMostWindowLevel = 19;
// With the window of level 3, 2 MiB, and its table for it, layers would be 4 % larger, and with
// the window alone more than what others make at their default.
constexpr int kUsualLevel = 3, kUsualHashLog = 18;
constexpr size_t kPiece = 256 * 1024;

/// libzstd cuts the stream into jobs for its own threads; each sees the window before it, so that
/// cutting costs next to nothing. Where it cuts depends on the level alone.
class ZstdWork final : public BlockWork {
 public:
  ZstdWork(std::unique_ptr<Stream> from, int level, unsigned threads)
      : from_(std::move(from)), context_(zstd_context(level)) {
    checked_zstd(
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, static_cast<int>(threads)));
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
    const size_t left = checked_zstd(
        ZSTD_compressStream2(context_.get(), &out, &in, ended_ ? ZSTD_e_end : ZSTD_e_continue));
    at_ = in.pos;
    to.grow(out.pos);
    finished_ = ended_ && left == 0;
  }

  std::unique_ptr<Stream> from_;
  ZstdCompressor context_;
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

size_t checked_zstd(size_t result) {
  if (ZSTD_isError(result)) {
    throw Error(Status::internal,
                fmt::format("compressing with zstd: {}", ZSTD_getErrorName(result)));
  }
  return result;
}

ZstdCompressor zstd_context(int level) {
  ZstdCompressor made(ZSTD_createCCtx());
  if (!made) throw std::bad_alloc();
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    checked_zstd(ZSTD_CCtx_setParameter(made.get(), parameter, value));
  };
  set(ZSTD_c_compressionLevel, level);
  set(ZSTD_c_checksumFlag, 1);
  if (level <= kFrameLevels || level > kMostWindowLevel) set(ZSTD_c_windowLog, kMostWindowLog);
  if (level == kUsualLevel) set(ZSTD_c_hashLog, kUsualHashLog);
  return made;
}

std::unique_ptr<Stream> zstd_compressor(std::unique_ptr<Stream> from, int level, unsigned threads) {
  if (level > kFrameLevels) return std::make_unique<ZstdStream>(std::move(from), level, threads);
  // None ahead: what is compressed takes as much memory as its input where it does not shrink.
  return std::make_unique<Pipeline>(zstd_frames(std::move(from), level), threads, 0);
}

}  // namespace sealos::compression
