#include "quirks.hpp"

#include <algorithm>
#include <string_view>

namespace sealos::docker {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

/// Taken from what users of other clients report; a registry that differs from this is learned
/// from its answers.
struct Quirk {
  std::string_view suffix;  ///< of the host's name
  UploadHabit habit;
};

constexpr Quirk kQuirks[] = {
    // Google's registries have no PATCH.
    {".pkg.dev", {UploadWay::put, 64 * kMiB, true}},
    {"gcr.io", {UploadWay::put, 64 * kMiB, true}},
    // Azure refuses a PATCH without a length.
    {".azurecr.io", {UploadWay::patch, 4 * kMiB, true}},
    // GitHub refuses parts of more than 4 MiB, but takes a whole blob.
    {"ghcr.io", {UploadWay::patch, 4 * kMiB, false}},
    // Amazon refuses parts of less than 5 MiB.
    {".amazonaws.com", {UploadWay::patch, 20 * kMiB, false}},
};

constexpr std::int64_t kSmallestChunk = 4 * kMiB;

}  // namespace

UploadHabit known_habit(const std::string& host, const Settings& settings) {
  UploadHabit habit;
  const std::string name = host.substr(0, host.rfind(':'));
  for (const Quirk& quirk : kQuirks) {
    if (name.ends_with(quirk.suffix)) habit = quirk.habit;
  }
  if (settings.chunk_size > 0 && habit.way == UploadWay::put)
    throw Error(
        Status::invalid,
        name + " takes a blob in one request and not in parts; leave docker.chunk-size away");
  if (settings.chunk_size > 0) {
    habit.way = UploadWay::chunks;
    habit.chunk = settings.chunk_size;
  }
  return habit;
}

UploadHabit UploadHabits::get() const {
  const std::lock_guard lock(mutex_);
  return habit_;
}

bool UploadHabits::refuse(const UploadHabit& refused) {
  const std::lock_guard lock(mutex_);
  // Another blob may have learned it before.
  if (habit_.way != refused.way || habit_.chunk != refused.chunk) return true;
  switch (habit_.way) {
    case UploadWay::patch:
      habit_.way = UploadWay::put;
      return true;
    case UploadWay::put:
      habit_.way = UploadWay::chunks;
      return true;
    case UploadWay::chunks:
      if (habit_.chunk <= kSmallestChunk) return false;
      habit_.chunk = kSmallestChunk;
      return true;
  }
  return false;
}

void UploadHabits::at_least(std::int64_t chunk) {
  const std::lock_guard lock(mutex_);
  habit_.chunk = std::max(habit_.chunk, std::min(chunk, std::int64_t{1} << 30));
}

bool is_refused_way(int http_status) {
  switch (http_status) {
    case 400:
    case 404:
    case 405:
    case 411:
    case 413:
    case 415:
    case 416:
    case 501:
      return true;
    default:
      return false;
  }
}

}  // namespace sealos::docker
