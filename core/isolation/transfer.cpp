#include "core/isolation/transfer.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "sealos/sdk/guard.hpp"

namespace sealos::isolation {
namespace {

/// How long bytes that have come may wait for more.
constexpr auto kWhile = std::chrono::milliseconds(10);

}  // namespace

Writer fill_area(std::span<std::byte> area, std::uint64_t wanted, sealos_stream& from) {
  if (from.fd >= 0) area = area.first(std::min<std::uint64_t>(wanted, area.size()));
  const auto start = std::chrono::steady_clock::now();
  std::size_t filled = 0;
  AreaReader::Next next = AreaReader::kMore;
  std::int64_t status = SEALOS_OK;
  sdk::ErrorSlot error;
  while (filled < area.size()) {
    const auto room = area.subspan(filled);
    const std::int64_t n = from.read(&from, room.data(), room.size(), error.out());
    if (n == 0) next = AreaReader::kEnd;
    if (n > 0 && static_cast<std::uint64_t>(n) > room.size()) next = AreaReader::kTooMuch;
    if (n < 0) next = AreaReader::kFailed, status = n;
    if (next != AreaReader::kMore) break;
    filled += static_cast<std::size_t>(n);
    if (std::chrono::steady_clock::now() - start > kWhile) break;
  }
  Writer answer;
  answer.number(std::uint64_t{filled}).number(std::uint64_t{next});
  return answer.status(status, *error.out());
}

void AreaReader::take(const Message& answer) {
  if (answer.kind != Kind::done) throw BadMessage("a stream was not read");
  Reader reader = answer.reader();
  if (reader.status().status != SEALOS_OK) throw BadMessage("a stream was not read");
  const std::uint64_t filled = reader.number(), next = reader.number();
  failure_ = reader.status();
  reader.end();
  if (filled > SharedArea::kSize || next > kTooMuch || (filled == 0 && next == kMore))
    throw BadMessage("a stream gives what no stream can");
  if ((next == kFailed) != (failure_.status < 0))
    throw BadMessage("a stream fails without a reason");
  at_ = 0;
  left_ = static_cast<std::size_t>(filled);
  next_ = static_cast<Next>(next);
  if (failure_.message != nullptr) {
    why_ = failure_.message;
    failure_.message = why_.c_str();
  }
}

std::int64_t AreaReader::give(std::span<const std::byte> area, void* into, std::size_t room) {
  const std::size_t n = std::min(room, left_);
  std::memcpy(into, area.data() + at_, n);
  at_ += n;
  left_ -= n;
  return static_cast<std::int64_t>(n);
}

std::int64_t AreaReader::finish(std::size_t room, sealos_error* error) const {
  if (next_ == kEnd) return 0;
  if (next_ == kFailed) {
    failure_.fill(error);
    return failure_.status;
  }
  return room < std::numeric_limits<std::int64_t>::max() ? static_cast<std::int64_t>(room) + 1 : -1;
}

}  // namespace sealos::isolation
