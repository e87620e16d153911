#include "support/http/pool.hpp"

#include <algorithm>
#include <chrono>

#include "sealos/sdk/error.hpp"

namespace sealos::http {
namespace {

constexpr std::chrono::milliseconds kMostBriefWait{10};

/// "reg:5000" of "https://reg:5000".
std::string host_of(const std::string& origin) {
  const size_t at = origin.find("://");
  return at == std::string::npos ? origin : origin.substr(at + 3);
}

}  // namespace

thread_local Pool::Kept* Pool::kept_ = nullptr;

unsigned Pool::join(Side side, const std::string& host) {
  const std::lock_guard lock(mutex_);
  Count& there = hosts_[host];
  for (Count* count : {&there, &all_}) {
    if (side == Side::reader) ++count->readers;
    if (side == Side::writer) ++count->writers;
  }
  const auto too_few = [](unsigned limit, const Count& count) {
    return limit == 1 && count.readers > 0 && count.writers > 0;
  };
  clients_[++last_client_] = {side, host};
  if (!too_few(limits_.to_host, there) && !too_few(limits_.in_all, all_)) return last_client_;
  clients_.erase(last_client_);
  for (Count* count : {&there, &all_}) --(side == Side::reader ? count->readers : count->writers);
  throw Error(Status::invalid,
              "one connection is too few to read an image and write it at the same time: at least "
              "2 are needed");
}

void Pool::leave(unsigned client) {
  const std::lock_guard lock(mutex_);
  const Client gone = clients_[client];
  for (Count* count : {&hosts_[gone.host], &all_}) {
    if (gone.side == Side::reader) --count->readers;
    if (gone.side == Side::writer) --count->writers;
  }
  clients_.erase(client);
  origins_.erase(origins_.lower_bound({client, ""}), origins_.lower_bound({client + 1, ""}));
  freed_.notify_all();
}

void Pool::note_cost(unsigned client, const std::string& origin, std::chrono::milliseconds cost) {
  const std::lock_guard lock(mutex_);
  origins_[{client, origin}].cost = std::min(cost, kMostBriefWait);
}

bool Pool::has_room(unsigned limit, const Count& count, Side side) const {
  if (limit == 0) return true;
  if (count.used >= limit) return false;
  return side != Side::reader || count.writers == 0 || limit == 1 || count.by_readers + 1 < limit;
}

void Pool::add(Count& count, Side side, int number) {
  count.used += static_cast<unsigned>(number);
  if (side == Side::reader) count.by_readers += static_cast<unsigned>(number);
}

/// host nullptr: of all.
unsigned Pool::idle_of(const std::string* host) const {
  size_t idle = 0;
  for (const auto& [key, origin] : origins_) {
    if (host == nullptr || host_of(key.second) == *host) idle += origin.idle.size();
  }
  return static_cast<unsigned>(idle);
}

bool Pool::close_one_idle(const std::string* host) {
  for (auto& [key, origin] : origins_) {
    if (origin.idle.empty() || (host != nullptr && host_of(key.second) != *host)) continue;
    origin.idle.erase(origin.idle.begin());
    return true;
  }
  return false;
}

/// For one connection more, which is counted already.
void Pool::make_room(const std::string& host) {
  const auto make = [&](unsigned limit, unsigned used, const std::string* where) {
    while (limit > 0 && used + idle_of(where) > limit && close_one_idle(where)) continue;
  };
  make(limits_.to_host, hosts_[host].used, &host);
  make(limits_.in_all, all_.used, nullptr);
}

Pool::Lease Pool::take(unsigned client, const std::string& origin, const Patience& patience,
                       bool brief) {
  Lease lease;
  const std::string host = host_of(origin);
  std::unique_lock lock(mutex_);
  Kept* const kept = kept_ != nullptr && kept_->pool_.get() == this ? kept_ : nullptr;
  const bool kept_all = kept != nullptr && kept->all_free_;
  const bool kept_host = kept != nullptr && kept->host_free_ && kept->host_ == host;
  const Side side = clients_[client].side;
  while ((!kept_host && !has_room(limits_.to_host, hosts_[host], side)) ||
         (!kept_all && !has_room(limits_.in_all, all_, side))) {
    patience.check();
    freed_.wait_for(lock, std::chrono::milliseconds(250));
  }
  Origin& at = origins_[{client, origin}];
  if (brief && at.used > 0)
    freed_.wait_for(lock, at.cost, [&] { return !at.idle.empty() || at.used == 0; });
  ++at.used;
  kept_host ? void(kept->host_free_ = false) : add(hosts_[host], side, 1);
  kept_all ? void(kept->all_free_ = false) : add(all_, side, 1);
  lease.pool = shared_from_this();
  lease.client = client;
  lease.side = side;
  lease.origin = origin;
  lease.kept_host = kept_host;
  lease.kept_all = kept_all;
  while (lease.wire == nullptr && !at.idle.empty()) {
    std::unique_ptr<Wire> wire = std::move(at.idle.back());
    at.idle.pop_back();
    if (wire->alive()) lease.wire = std::move(wire);
  }
  lease.used_before = lease.wire != nullptr;
  if (lease.wire == nullptr) make_room(host);
  return lease;
}

void Pool::end(Lease& lease, bool keep) {
  constexpr size_t kIdle = 16;
  const std::string host = host_of(lease.origin);
  const std::lock_guard lock(mutex_);
  Origin& at = origins_[{lease.client, lease.origin}];
  if (keep && lease.wire != nullptr && at.idle.size() < kIdle && clients_.count(lease.client) != 0)
    at.idle.push_back(std::move(lease.wire));
  lease.wire.reset();
  --at.used;
  Kept* const kept = kept_ != nullptr && kept_->pool_.get() == this ? kept_ : nullptr;
  const bool back_host =
      lease.kept_host && kept != nullptr && !kept->host_free_ && kept->host_ == host;
  const bool back_all = lease.kept_all && kept != nullptr && !kept->all_free_;
  back_host ? void(kept->host_free_ = true) : add(hosts_[host], lease.side, -1);
  back_all ? void(kept->all_free_ = true) : add(all_, lease.side, -1);
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

Pool::Kept::Kept(Lease lease)
    : pool_(std::move(lease.pool)),
      side_(lease.side),
      host_(host_of(lease.origin)),
      before_(std::exchange(kept_, this)) {
  lease.wire.reset();
  const std::lock_guard lock(pool_->mutex_);
  --pool_->origins_[{lease.client, lease.origin}].used;
}

Pool::Kept::~Kept() {
  kept_ = before_;
  const std::lock_guard lock(pool_->mutex_);
  if (host_free_) add(pool_->hosts_[host_], side_, -1);
  if (all_free_) add(pool_->all_, side_, -1);
  pool_->freed_.notify_all();
}

}  // namespace sealos::http
