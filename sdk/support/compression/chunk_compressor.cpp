#include "support/compression/chunk_compressor.hpp"

#include <cstdint>
#include <new>

namespace sealos::compression {
namespace {

/// What libzstd does with frames up to a size.
struct Search {
  size_t most;
  ZSTD_strategy strategy;
  int hash_log, chain_log, search_log;
  bool chains;  ///< hash chains where libzstd would take rows, which find less in small tables
};
// Measured on the layers of real images, 1.2 GB: at each size 0.7 to 0.9 s for the last megabyte
// that is saved. Half of the frames are headers, for which anything more than the first search
// takes twice as long and saves nothing.
constexpr Search kSearches[] = {{1 << 10, ZSTD_dfast, 12, 11, 1, false},
                                {1 << 13, ZSTD_greedy, 16, 15, 5, false},
                                {1 << 16, ZSTD_lazy, 17, 16, 3, true},
                                {SIZE_MAX, ZSTD_lazy, 17, 16, 4, false}};
constexpr int kMatch = 4;

/// ZSTD_c_useRowMatchFinder and ZSTD_ps_disable, which zstd.h names for static linking only. Where
/// another libzstd does not know them it does as it likes.
constexpr auto kRows = static_cast<ZSTD_cParameter>(ZSTD_c_experimentalParam14);
constexpr int kNoRows = 2;

ZstdCompressor new_context() {
  ZstdCompressor made(ZSTD_createCCtx());
  if (!made) throw std::bad_alloc();
  return made;
}

void set(ZSTD_CCtx& context, ZSTD_cParameter parameter, int value) {
  checked_zstd(ZSTD_CCtx_setParameter(&context, parameter, value));
}

ZstdCompressor searching(const Search& search) {
  ZstdCompressor made = new_context();
  set(*made, ZSTD_c_strategy, search.strategy);
  set(*made, ZSTD_c_hashLog, search.hash_log);
  set(*made, ZSTD_c_chainLog, search.chain_log);
  set(*made, ZSTD_c_searchLog, search.search_log);
  set(*made, ZSTD_c_minMatch, kMatch);
  if (search.chains) ZSTD_CCtx_setParameter(made.get(), kRows, kNoRows);
  return made;
}

size_t search_of(size_t size) {
  size_t i = 0;
  while (size > kSearches[i].most) ++i;
  return i;
}

}  // namespace

ChunkCompressor::ChunkCompressor(std::optional<int> level) : level_(level) {}

size_t ChunkCompressor::compress(std::span<const std::byte> from, std::span<std::byte> to) {
  static_assert(std::size(kSearches) == kSizes);
  const size_t at = level_ ? 0 : search_of(from.size());
  ZstdCompressor& context = contexts_[at];
  if (!context && level_) {
    context = new_context();
    set(*context, ZSTD_c_compressionLevel, *level_);
  } else if (!context) {
    context = searching(kSearches[at]);
  }
  return checked_zstd(
      ZSTD_compress2(context.get(), to.data(), to.size(), from.data(), from.size()));
}

}  // namespace sealos::compression
