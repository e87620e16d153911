#include "support/http/pool.hpp"

#include <algorithm>
#include <chrono>

namespace sealos::http {
namespace {

constexpr std::chrono::milliseconds kMostBriefWait{10};

}  // namespace

void Pool::note_cost(const std::string& origin, std::chrono::milliseconds cost) {
  const std::lock_guard lock(mutex_);
  costs_[origin] = std::min(cost, kMostBriefWait);
}

Pool::Lease Pool::take(const std::string& origin, const Patience& patience, bool brief) {
  Lease lease;
  std::unique_lock lock(mutex_);
  while (most_ > 0 && used_[origin] >= most_) {
    patience.check();
    freed_.wait_for(lock, std::chrono::milliseconds(250));
  }
  auto& idle = idle_[origin];
  if (brief && used_[origin] > 0)
    freed_.wait_for(lock, costs_[origin], [&] { return !idle.empty() || used_[origin] == 0; });
  ++used_[origin];
  lease.pool = shared_from_this();
  lease.origin = origin;
  while (lease.wire == nullptr && !idle.empty()) {
    std::unique_ptr<Wire> wire = std::move(idle.back());
    idle.pop_back();
    if (wire->alive()) lease.wire = std::move(wire);
  }
  lease.used_before = lease.wire != nullptr;
  return lease;
}

void Pool::end(Lease& lease, bool keep) {
  constexpr size_t kIdle = 16;
  const std::lock_guard lock(mutex_);
  auto& idle = idle_[lease.origin];
  if (keep && lease.wire != nullptr && idle.size() < kIdle) idle.push_back(std::move(lease.wire));
  --used_[lease.origin];
  freed_.notify_all();
}

void Pool::Lease::give_back() {
  if (pool == nullptr) return;
  wire->set_patience({});
  pool->end(*this, true);
  pool.reset();
}

Pool::Lease::~Lease() {
  if (pool != nullptr) pool->end(*this, false);
}

}  // namespace sealos::http
