#include "support/compression/feed.hpp"

#include <algorithm>
#include <cstring>

namespace sealos::compression {
namespace {

constexpr size_t kCapacity = 128 * 1024;

/// Nobody sees this: the reader has gone.
void check(const std::atomic<bool>& stopped) {
  if (stopped) throw Error(Status::cancelled, "reading a compressed stream was given up");
}

}  // namespace

Feed::Feed(std::unique_ptr<Stream> from, const std::atomic<bool>& stopped)
    : from_(std::move(from)),
      stopped_(stopped),
      data_(std::make_unique_for_overwrite<std::byte[]>(kCapacity)) {}

std::span<const std::byte> Feed::peek(size_t least) {
  while (end_ - at_ < least && !ended_) {
    check(stopped_);
    if (at_ != 0) {
      std::memmove(data_.get(), data_.get() + at_, end_ - at_);
      end_ -= at_;
      at_ = 0;
    }
    const size_t n = from_->read({data_.get() + end_, kCapacity - end_});
    if (n == 0) ended_ = true;
    end_ += n;
  }
  return {data_.get() + at_, end_ - at_};
}

bool Feed::take(size_t n, Buffer& to) {
  const size_t ready = std::min(n, end_ - at_);
  const std::span<std::byte> room = to.room(n);
  std::memcpy(room.data(), data_.get() + at_, ready);
  at_ += ready;
  size_t done = ready;
  while (done < n && !ended_) {
    check(stopped_);
    const size_t got = from_->read(room.subspan(done));
    if (got == 0) ended_ = true;
    done += got;
  }
  to.grow(done);
  return done == n;
}

size_t read_full(Stream& from, std::span<std::byte> into, const std::atomic<bool>& stopped) {
  size_t done = 0;
  while (done < into.size()) {
    check(stopped);
    const size_t n = from.read(into.subspan(done));
    if (n == 0) break;
    done += n;
  }
  return done;
}

}  // namespace sealos::compression
