// Members of compressed streams, and the libraries that read them piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "support/compression/buffer.hpp"
#include "support/compression/compression.hpp"
#include "support/compression/feed.hpp"

namespace sealos::compression {

/// Whole members (gzip) or frames (zstd) larger than this are read piece by piece.
constexpr size_t kMostWhole = 2 << 20;

/// Reads one format. A stream is one or more members, each of which stands for itself.
class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Moves feed to the next member, over what may stand between two; false if nothing comes.
  /// Throws SEALOS_CORRUPT if something else than a member comes.
  virtual bool find_member(Feed& feed) = 0;

  /// If the next member says that it is small, and how large it is: takes it whole, to the end of
  /// `into`, and returns how many bytes come out. Leaves feed alone otherwise, and when `into`
  /// would have more than kMostWhole bytes of either kind, `plain` of them from before.
  virtual std::optional<size_t> take_whole(Feed&, Buffer&, size_t) { return std::nullopt; }
  /// Makes `plain` bytes of the members in `in`. Safe for concurrent use.
  virtual void decode_whole(std::span<const std::byte>, Buffer&, size_t) {}

  /// A member begins where feed stands.
  virtual void begin() = 0;
  /// Takes from the front of `in`, stores to the front of `out`; true when the member has ended.
  /// Throws SEALOS_CORRUPT.
  virtual bool decode(std::span<const std::byte>& in, std::span<std::byte>& out) = 0;
};

std::unique_ptr<Decoder> gzip_decoder();
std::unique_ptr<Decoder> zstd_decoder();
std::unique_ptr<Decoder> xz_decoder();
std::unique_ptr<Decoder> bzip2_decoder();

[[noreturn]] void throw_corrupt(Compression kind, const char* what);

}  // namespace sealos::compression
