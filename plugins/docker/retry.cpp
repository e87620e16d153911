#include "retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "support/http/dial.hpp"

namespace sealos::docker {
namespace {

constexpr std::chrono::milliseconds kMaxWait{60'000};

std::chrono::milliseconds jitter(std::chrono::milliseconds wait) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(0, wait.count() / 4)(random));
}

}  // namespace

bool Retries::covers(const Error& why, int http_status) const {
  if (http_status == 0) return policy_.network && why.retryable();
  return policy_.statuses.count(http_status) != 0;
}

bool Retries::wait(unsigned tries, const Error& why) {
  auto wait = policy_.delay;
  if (!policy_.fixed_delay) wait = std::min(kMaxWait, policy_.delay * (1 << std::min(tries, 10U)));
  wait = std::max(wait, std::min(kMaxWait, std::chrono::milliseconds(why.retry_after_ms())));
  wait += jitter(wait);
  if (waited_ms_ + wait.count() > policy_.budget.count()) return false;
  waited_ms_ += wait.count();
  host_.info(fmt::format("{}; trying again in {:.1f} s", why.message(), wait.count() / 1000.0));
  http::Patience patience;
  patience.cancelled = [this] { return host_.cancelled(); };
  patience.cancel_fd = host_.cancel_fd();
  patience.wait(-1, 0, wait);
  patience.check();
  return true;
}

void Tries::again_or_throw(const Error& why, int http_status) {
  if (!retries_.covers(why, http_status)) throw final_error(why);
  if (done_ >= retries_.policy().count || !retries_.wait(done_, why)) throw final_error(why, done_);
  ++done_;
}

Error final_error(const Error& error, unsigned tries) {
  if (tries == 0) return {error.status(), error.message()};
  return {error.status(), fmt::format("{} ({} tries)", error.message(), tries + 1)};
}

}  // namespace sealos::docker
