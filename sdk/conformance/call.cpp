#include "call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace sealos::conformance {
namespace {

constexpr unsigned char kGuard = 0xc5;
constexpr int kRubbish = 0xdd;

std::mutex warnings_mutex;
std::vector<std::string> all_warnings;

bool is_one_line(const char* text) {
  for (const char* c = text; *c != 0; ++c) {
    if (static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f) return false;
  }
  return true;
}

}  // namespace

const char* name_of(Result result) {
  static constexpr std::array<const char*, 6> kNames = {"passed", "skipped", "warned",
                                                        "failed", "crashed", "timed out"};
  return kNames[static_cast<size_t>(result)];
}

void warn(std::string what) {
  const std::lock_guard lock(warnings_mutex);
  if (std::find(all_warnings.begin(), all_warnings.end(), what) == all_warnings.end())
    all_warnings.push_back(std::move(what));
}

std::vector<std::string> warnings() {
  const std::lock_guard lock(warnings_mutex);
  return all_warnings;
}

const char* status_name(std::int64_t status) {
  static constexpr std::array<const char*, 13> kNames = {
      "OK",      "NOT_FOUND",   "EXISTS",    "INVALID", "UNSUPPORTED",       "UNAUTHENTICATED",
      "DENIED",  "UNAVAILABLE", "CANCELLED", "CORRUPT", "MANIFEST_REJECTED", "IO",
      "INTERNAL"};
  if (status < 0 || status >= static_cast<std::int64_t>(kNames.size())) return "(unknown)";
  return kNames[static_cast<size_t>(status)];
}

std::string Answer::text() const {
  std::string out = fmt::format("{} returned {}", function, status_name(status));
  if (!message.empty()) out += ": " + message;
  return out;
}

const Answer& Answer::must() const {
  require(ok(), text());
  return *this;
}

Lent::Lent(const std::string& text) : Lent(std::optional(text)) {}

Lent::Lent(const std::optional<std::string>& text) {
  if (!text) return;
  size_ = text->size() + 1;
  text_ = static_cast<char*>(std::malloc(size_));
  if (text_ == nullptr) std::abort();
  std::memcpy(text_, text->c_str(), size_);
}

Lent::~Lent() {
  if (text_ == nullptr) return;
  std::memset(text_, kRubbish, size_ - 1);
  asm volatile("" : : "r"(text_) : "memory");  // it is rubbish, even if nobody should look
  std::free(text_);
}

ErrorRoom::ErrorRoom() {
  std::memset(&room_, kGuard, sizeof(room_));
  room_.error = {};
  room_.error.struct_size = sizeof(sealos_error);
}

ErrorRoom::~ErrorRoom() {
  if (room_.error.release != nullptr) room_.error.release(&room_.error);
}

Answer ErrorRoom::answer(const char* function, std::int64_t status) {
  const auto intact = [](const auto& guard) {
    return std::all_of(std::begin(guard), std::end(guard),
                       [](unsigned char byte) { return byte == kGuard; });
  };
  const sealos_error& error = room_.error;
  require(intact(room_.before) && intact(room_.after),
          fmt::format("{} wrote beside the error that it was given", function));
  require(error.struct_size == sizeof(sealos_error),
          fmt::format("{} changed struct_size of the error that it was given", function));
  require(status >= SEALOS_OK && status <= SEALOS_INTERNAL,
          fmt::format("{} returned {}, which is no status", function, status));
  Answer answer{function, static_cast<sealos_status>(status), "", false};
  if (status == SEALOS_OK) {
    require(error.message == nullptr && error.release == nullptr,
            fmt::format("{} succeeded and filled the error", function));
    return answer;
  }
  if (error.message != nullptr) {
    answer.message = printable(error.message, 500);
    require(is_one_line(error.message),
            fmt::format("the message of {} is not one line of text: {}", function, answer.message));
    if (!answer.message.empty() && answer.message.back() == '.')
      warn(fmt::format("the message of {} ends with a period", function));
  }
  answer.retryable = (error.flags & SEALOS_ERROR_RETRYABLE) != 0;
  require(error.retry_after_ms >= 0, fmt::format("{} advises to wait a negative time", function));
  return answer;
}

void exception_out_of(const char* function, const char* what) {
  throw Failure{fmt::format("{} let an exception out: {}", function, printable(what))};
}

}  // namespace sealos::conformance
