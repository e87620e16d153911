// Durations and sizes as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sealos::cli {

/// "500ms", "2s", "1.5s", "3m", "1m30s", as buildah and podman take them; nullopt: not a duration.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "512 B", "1.2 MB", "3.4 GB": powers of 1000.
std::string human_size(std::int64_t bytes);
/// "4s", "2m05s", "1h07m".
std::string human_time(std::chrono::seconds time);

}  // namespace sealos::cli
