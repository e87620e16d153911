#include "support/compression/rolling_sum.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sealos::compression {
namespace {

constexpr size_t kLanes = 8;
typedef std::uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef std::uint16_t Lanes __attribute__((vector_size(2 * kLanes)));

Lanes load(const std::byte* at) {
  const Bytes zero = {};
  Bytes bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  if constexpr (std::endian::native == std::endian::little) {
    return (Lanes)__builtin_shufflevector(bytes, zero, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6,
                                          14, 7, 15);
  } else {
    return __builtin_convertvector(bytes, Lanes);  // which GCC does in five steps on x86
  }
}

/// Each lane with all before it.
Lanes sums(Lanes v) {
  const Lanes zero = {};
  v += __builtin_shufflevector(zero, v, 7, 8, 9, 10, 11, 12, 13, 14);
  v += __builtin_shufflevector(zero, v, 6, 7, 8, 9, 10, 11, 12, 13);
  return v + __builtin_shufflevector(zero, v, 4, 5, 6, 7, 8, 9, 10, 11);
}

Lanes last_of(Lanes v) { return __builtin_shufflevector(v, v, 7, 7, 7, 7, 7, 7, 7, 7); }

bool any(Lanes v) {
  std::uint64_t halves[2];
  std::memcpy(halves, &v, sizeof v);
  return (halves[0] | halves[1]) != 0;
}

}  // namespace

size_t RollingSum::scan(std::span<const std::byte> bytes, bool& cut) {
  std::byte around[2 * kWindow] = {};
  const size_t head = std::min(bytes.size(), kWindow);
  std::memcpy(around, last_.data(), kWindow);
  std::copy_n(bytes.begin(), head, around + kWindow);
  cut = false;
  size_t n = run(around + kWindow, head, cut);
  if (!cut && bytes.size() > kWindow) n += run(bytes.data() + n, bytes.size() - n, cut);
  std::memcpy(last_.data(), n >= kWindow ? bytes.data() + n - kWindow : around + n, kWindow);
  return n;
}

/// With kWindow bytes before `at`. A byte at a time this is an eighth of the time that compressing
/// takes, hence the lanes.
size_t RollingSum::run(const std::byte* at, size_t n, bool& cut) {
  const std::byte* const left = at - kWindow;  // what leaves the window as at[i] comes into it
  size_t done = 0;
  Lanes s1 = Lanes{} + s1_, s2 = Lanes{} + s2_;
  for (; done + kLanes <= n; done += kLanes) {
    const Lanes in = load(at + done), out = load(left + done);
    const Lanes next1 = s1 + sums(in - out);
    const Lanes next2 = s2 + sums(next1 - kWindow * (out + kOffset));
    if (any(next2 == 0xffff)) break;
    s1 = last_of(next1);
    s2 = last_of(next2);
  }
  s1_ = s1[0];
  s2_ = s2[0];
  while (done < n && !cut) {
    const auto in = std::to_integer<unsigned>(at[done]);
    const auto out = std::to_integer<unsigned>(left[done]);
    s1_ = static_cast<std::uint16_t>(s1_ + in - out);
    s2_ = static_cast<std::uint16_t>(s2_ + s1_ - kWindow * (out + kOffset));
    cut = s2_ == 0xffff;
    ++done;
  }
  return done;
}

}  // namespace sealos::compression
