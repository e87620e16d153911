#include "cli/duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace sealos::cli {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    double factor = 0;
    size_t length = 1;
    if (text.starts_with("ms")) {
      factor = 1;
      length = 2;
    } else if (text.starts_with("s")) {
      factor = 1000;
    } else if (text.starts_with("m")) {
      factor = 60'000;
    } else if (text.starts_with("h")) {
      factor = 3'600'000;
    } else {
      return std::nullopt;
    }
    text.remove_prefix(length);
    total += number * factor;
  }
  if (!(total <= 1e12)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(total)));
}

std::string human_size(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* next : {"kB", "MB", "GB", "TB"}) {
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

std::string human_time(std::chrono::seconds time) {
  const auto s = time.count();
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
}

}  // namespace sealos::cli
