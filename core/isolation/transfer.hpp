// How the bytes of a stream cross: whoever has the stream fills the shared area, the other one
// takes from it what its reader wants.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/isolation/connection.hpp"
#include "sealos/abi.h"

namespace sealos::isolation {

/// Reads until the area is full, the stream ends or fails, or reading has taken a while, so that a
/// slow stream is not held back; of a stream with a descriptor, whose position others look at, no
/// more than `wanted`. The answer says how much there is and how it goes on.
Writer fill_area(std::span<std::byte> area, std::uint64_t wanted, sealos_stream& from);

/// The reader's side. An error and the end are told after the bytes that
/// came with them.
class AreaReader {
 public:
  /// As sealos_stream.read; refill() asks for more and returns the answer; the area is there by
  /// then. Like that of streams of the SDK, the stream's size is what is still to come.
  template <typename Refill>
  std::int64_t read(sealos_stream& stream, const SharedArea& area, void* into, std::size_t room,
                    sealos_error* error, Refill&& refill) {
    if (left_ == 0 && next_ == kMore) take(refill());
    if (left_ == 0) return finish(room, error);
    const std::int64_t n = give(area.bytes(), into, room);
    if (stream.size >= 0) stream.size = stream.size > n ? stream.size - n : 0;
    return n;
  }

 private:
  enum Next : std::uint64_t { kMore, kEnd, kFailed, kTooMuch };
  friend Writer fill_area(std::span<std::byte> area, std::uint64_t wanted, sealos_stream& from);

  void take(const Message& answer);
  std::int64_t give(std::span<const std::byte> area, void* into, std::size_t room);
  std::int64_t finish(std::size_t room, sealos_error* error) const;

  std::size_t at_ = 0, left_ = 0;
  Next next_ = kMore;
  ReadStatus failure_;
  std::string why_;
};

}  // namespace sealos::isolation
