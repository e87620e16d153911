#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <new>

#include "support/compression/compressor.hpp"
#include "support/compression/feed.hpp"
#include "support/compression/gzip_format.hpp"
#include "support/compression/pipeline.hpp"
#include "support/compression/pool.hpp"

namespace sealos::compression {
namespace {

/// What stands behind a level of gzip. 0 stands for no such engine.
struct Engine {
  int isal;        ///< the level of ISA-L, three times as fast as libdeflate at the same size
  int libdeflate;  ///< with isal: for the blocks that are worth it
};
/// Each is smaller than zlib's and Go's of the same number and much faster. At 6, the default, what
/// shrinks well is compressed with care and the rest quickly: for real images that is a fifth
/// faster than any one engine that makes the same size.
constexpr Engine kEngines[] = {{1, 0}, {2, 0}, {3, 0}, {0, 1}, {0, 1},
                               {3, 5}, {0, 4}, {0, 6}, {0, 9}};

// A block is worth the care if samples of it become smaller than this part of them. Behind it: care
// costs twice to four times as long, the more the less a block shrinks, and saves a tenth of a
// block that shrinks well and nothing of one that does not.
constexpr double kWorthCare = 0.36;
constexpr size_t kSamples = 4, kSample = 16 * 1024;

/// Compresses one block at a time. Throws std::bad_alloc.
class Deflater {
 public:
  explicit Deflater(const Engine& engine)
      : engine_(engine), libdeflate_(libdeflate_alloc_compressor(engine.libdeflate)) {
    if (!libdeflate_) throw std::bad_alloc();
    if (engine_.isal != 0) isal_memory_ = std::make_unique<std::uint8_t[]>(kIsalMemory);
  }

  /// `to` has room for bound(); returns how much was used.
  size_t deflate(std::span<const std::byte> from, std::span<std::byte> to) {
    const bool both = engine_.isal != 0 && engine_.libdeflate != 0;
    if (engine_.isal != 0 && !(both && is_worth_care(from, to))) {
      if (const size_t n = isal(engine_.isal, from, to)) return n;
    }
    const size_t n = libdeflate_deflate_compress(libdeflate_.get(), from.data(), from.size(),
                                                 to.data(), to.size());
    if (n == 0) throw Error(Status::internal, "libdeflate needs more room than it said");
    return n;
  }
  size_t bound(size_t size) { return libdeflate_deflate_compress_bound(libdeflate_.get(), size); }

 private:
  // Enough for all levels; with little of it level 3 adapts its codes more often.
  static constexpr size_t kIsalMemory = std::max(
      {size_t{ISAL_DEF_LVL1_DEFAULT}, size_t{ISAL_DEF_LVL2_DEFAULT}, size_t{ISAL_DEF_LVL3_SMALL}});

  bool is_worth_care(std::span<const std::byte> from, std::span<std::byte> room) {
    size_t plain = 0, small = 0;
    const size_t part = from.size() / kSamples;
    const size_t n = std::min(part, kSample);
    for (size_t i = 0; i < kSamples && n != 0; ++i) {
      const size_t done = isal(1, from.subspan(i * part + (part - n) / 2, n), room);
      small += done != 0 ? done : n;
      plain += n;
    }
    return static_cast<double>(small) < kWorthCare * static_cast<double>(plain);
  }

  /// 0 if the result has no room; then the block is stored as it is.
  size_t isal(int level, std::span<const std::byte> from, std::span<std::byte> to) {
    isal_zstream stream;
    isal_deflate_init(&stream);
    stream.level = static_cast<std::uint32_t>(level);
    stream.level_buf = isal_memory_.get();
    stream.level_buf_size = level == 3 ? ISAL_DEF_LVL3_SMALL : kIsalMemory;
    stream.end_of_stream = 1;
    stream.flush = NO_FLUSH;
    stream.gzip_flag = IGZIP_DEFLATE;
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(from.data()));
    stream.avail_in = static_cast<std::uint32_t>(from.size());
    stream.next_out = reinterpret_cast<std::uint8_t*>(to.data());
    stream.avail_out = static_cast<std::uint32_t>(to.size());
    const int result = isal_deflate(&stream);
    const bool whole = result == COMP_OK && stream.internal_state.state == ZSTATE_END;
    return whole ? stream.total_out : 0;
  }

  struct Free {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  Engine engine_;
  std::unique_ptr<libdeflate_compressor, Free> libdeflate_;
  std::unique_ptr<std::uint8_t[]> isal_memory_;
};

class GzipWork final : public BlockWork {
 public:
  GzipWork(std::unique_ptr<Stream> from, int level)
      : from_(std::move(from)), engine_(kEngines[level - 1]) {}

  bool fill(Block& block) override {
    if (ended_) return false;
    const size_t n = read_full(*from_, block.in.room(kGzipBlock), stopped);
    block.in.grow(n);
    ended_ = n < kGzipBlock;
    const bool needed = n != 0 || first_;  // nothing at all is one empty member
    first_ = false;
    return needed;
  }

  void work(Block& block) override {
    auto deflater = deflaters_.take([this] { return std::make_unique<Deflater>(engine_); });
    const std::span<const std::byte> plain = block.in.bytes();
    const size_t bound = deflater->bound(plain.size());
    const std::span<std::byte> room = block.out.room(kGzipHead + bound + kGzipTail);
    const size_t n = deflater->deflate(plain, room.subspan(kGzipHead, bound));
    const size_t whole = kGzipHead + n + kGzipTail;
    store_gzip_head(room.data(), {whole, plain.size()});
    store_le32(room.data() + kGzipHead + n, libdeflate_crc32(0, plain.data(), plain.size()));
    store_le32(room.data() + kGzipHead + n + 4, static_cast<std::uint32_t>(plain.size()));
    block.out.grow(whole);
    deflaters_.give_back(std::move(deflater));
  }

 private:
  std::unique_ptr<Stream> from_;
  const Engine engine_;
  bool first_ = true, ended_ = false;
  Pool<std::unique_ptr<Deflater>> deflaters_;
};

}  // namespace

std::unique_ptr<Stream> gzip_compressor(std::unique_ptr<Stream> from, int level, unsigned threads) {
  return std::make_unique<Pipeline>(std::make_unique<GzipWork>(std::move(from), level), threads, 1);
}

}  // namespace sealos::compression
