// What yaml.so, which links yaml-cpp, does for the engine.
#pragma once

#include <string_view>
#include <vector>

#include "core/yaml/yaml.hpp"

namespace sealos {

struct YamlModule {
  static constexpr const char* kModule = "yaml";
  /// As parse_yaml; the text is UTF-8.
  std::vector<YamlNode> (*parse)(std::string_view text);
};

}  // namespace sealos
