// What an image's configuration says that a SIF says in its own way. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/json/json.hpp"

namespace sealos::sif {

struct ImageConfig {
  std::string architecture;
  std::optional<std::int64_t> created;  ///< seconds since 1970
  std::vector<std::string> environment, entrypoint, command;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string working_dir, user;
  Json config = Json::object();  ///< the member "config" as it is

  /// Of an OCI or Docker configuration. Throws SEALOS_INVALID for what is none.
  static ImageConfig parse(std::string_view text);
};

/// "2026-01-02T03:04:05Z", and back. nullopt: it is no such time, or one before 1970.
std::string time_text(std::int64_t seconds);
std::optional<std::int64_t> parse_time(const std::string& text);

/// The member "config" of a configuration out of text that a SIF holds: members of the known names
/// and kinds; others are left out. Throws SEALOS_INVALID for what is no object.
Json checked_config(std::string_view text);

}  // namespace sealos::sif
