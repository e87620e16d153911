// A descriptor: what a manifest says of a blob, a config or another manifest.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/manifest/platform.hpp"
#include "sealos/sdk/digest.hpp"
#include "sealos/sdk/types.hpp"
#include "support/json/json.hpp"

namespace sealos {

/// OCI image-spec, descriptor.md; docker's are a subset. Members that are not named here are kept
/// in `json` and written again.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::int64_t size = -1;
  std::vector<std::string> urls = {};
  std::vector<std::pair<std::string, std::string>> annotations = {};
  std::optional<Platform> platform = {};
  Json json = {};

  /// Throws SEALOS_INVALID: missing or malformed digest, size or media type.
  static Descriptor parse(const Json& json);
  /// `json` with the named members as they are now.
  Json to_json() const;
  /// As plugins know it.
  Blob to_blob() const;
};

}  // namespace sealos
