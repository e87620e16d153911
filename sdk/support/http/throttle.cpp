#include "support/http/throttle.hpp"

#include <algorithm>

namespace sealos::http {

size_t Throttle::piece() const {
  const auto own = static_cast<size_t>(std::clamp<std::int64_t>(rate_ / 8, 1024, 256 * 1024));
  return within_ == nullptr ? own : std::min(own, within_->piece());
}

void Throttle::take(std::int64_t bytes, const Patience& patience) {
  using std::chrono::duration_cast;
  std::chrono::steady_clock::duration wait;
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    // What was not used for a while may be caught up with, up to a quarter of a second.
    free_at_ = std::max(free_at_, now - std::chrono::milliseconds(250));
    free_at_ += duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(rate_)));
    wait = free_at_ - now;
  }
  const auto ms = duration_cast<std::chrono::milliseconds>(wait);
  if (ms.count() > 0) patience.wait(-1, 0, ms);
  if (within_ != nullptr) within_->take(bytes, patience);
}

}  // namespace sealos::http
