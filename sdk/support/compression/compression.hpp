// Compressed streams: which kind they are, in, and out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "sealos/sdk/stream.hpp"

namespace sealos {

enum class Compression { none, gzip, zstd, xz, bzip2 };

/// "", "gzip", "zstd", "xz", "bzip2", as in sealos_blob.compression.
std::string_view name_of(Compression kind);
std::optional<Compression> compression_named(std::string_view name);

/// By the first bytes; six are enough.
Compression detect_compression(std::span<const std::byte> head);

/// Lends a stream to an adaptor that wants to own it; the stream must outlive what is returned.
std::unique_ptr<Stream> borrow(Stream& stream);

/// The same bytes, and of which kind they are.
std::unique_ptr<Stream> look_at_compression(std::unique_ptr<Stream> from, Compression& kind);

/// What is inside. Several members or frames after one another are read as one. A stream that is
/// cut off, damaged, or goes on as something else is SEALOS_CORRUPT; one that needs more than
/// 128 MiB of memory is SEALOS_UNSUPPORTED; the errors of `from` come through unchanged. `none`
/// returns `from` itself. `from` is read, ahead of the reader, on threads of the result; they start
/// with the first read, and destroying the result waits for at most one read of `from`. What
/// compress() has made is decompressed on several threads; 0: as many as help.
std::unique_ptr<Stream> decompress(std::unique_ptr<Stream> from, Compression kind,
                                   unsigned threads = 0);

/// The same, of the kind that the first bytes say; *kind, if not nullptr, says which it was.
std::unique_ptr<Stream> decompress_any(std::unique_ptr<Stream> from, Compression* kind = nullptr);

struct CompressOptions {
  std::optional<int> level;  ///< the kind's default if not given
  /// 0: the processors that other compressing streams leave, or one.
  unsigned threads = 0;
};

/// The range of levels that a kind really has, and its default. Throws SEALOS_UNSUPPORTED for kinds
/// that are not written.
struct LevelRange {
  int least, most, usual;
};
LevelRange levels_of(Compression kind);
/// The level that is meant; throws SEALOS_INVALID for one that the kind does not have.
int checked_level(Compression kind, const CompressOptions& options);

/// `from`, compressed in blocks on several threads; the same holds for them as in decompress(). The
/// result depends on the bytes and the level alone, not on the number of threads (at the gzip
/// levels 1 to 3 and 6 also on the kind of processor). Memory is bounded by threads times block,
/// whatever the size of the stream: about 3 MiB a thread for gzip; for zstd up to level 5 at most
/// 8 MiB for each processor and as much for each block that waits to be read, and more above. gzip
/// comes as a row of members of 1 MiB, zstd as a row of frames of 8 MiB, above level 5 as one
/// frame, with checksums.
std::unique_ptr<Stream> compress(std::unique_ptr<Stream> from, Compression kind,
                                 const CompressOptions& options = {});

}  // namespace sealos
