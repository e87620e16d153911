// The compressed side of a decompressor: bytes that can be looked at before they are taken.
#pragma once

#include <atomic>
#include <memory>

#include "sealos/sdk/stream.hpp"
#include "support/compression/buffer.hpp"

namespace sealos::compression {

/// Throws SEALOS_CANCELLED from a read once *stopped is set.
class Feed {
 public:
  Feed(std::unique_ptr<Stream> from, const std::atomic<bool>& stopped);

  /// The next bytes, at least `least` of them (at most kMostPeek) except at the end.
  std::span<const std::byte> peek(size_t least);
  void skip(size_t n) { at_ += n; }
  /// Moves exactly n bytes to the end of `to`; false if the stream ends before.
  bool take(size_t n, Buffer& to);

  static constexpr size_t kMostPeek = 4096;

 private:
  std::unique_ptr<Stream> from_;
  const std::atomic<bool>& stopped_;
  std::unique_ptr<std::byte[]> data_;
  size_t at_ = 0, end_ = 0;
  bool ended_ = false;
};

/// Reads until `into` is full or the stream ends. Throws SEALOS_CANCELLED once stopped is set.
size_t read_full(Stream& from, std::span<std::byte> into, const std::atomic<bool>& stopped);

}  // namespace sealos::compression
