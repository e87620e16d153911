// Platforms of images: what they are called, and which one fits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/json/json.hpp"

namespace sealos {

/// OCI image-spec, image-index.md, "platform".
struct Platform {
  std::string os, architecture, variant, os_version;

  static Platform from_json(const Json& json);
  /// "os/architecture[/variant]", or "architecture" alone for linux; throws SEALOS_INVALID.
  static Platform parse(std::string_view text);
  /// Of the machine that this runs on.
  static Platform host();
  std::string str() const;
  bool operator==(const Platform&) const = default;
};

/// How well `have` serves `wanted`: 0 is best, more is worse, -1 does not serve. A variant that was
/// asked for goes down to older ones of its family (arm v8, v7, v6, v5), then to none; where none
/// was asked for, none is best, then any that is known.
int platform_rank(const Platform& wanted, const Platform& have);

}  // namespace sealos
