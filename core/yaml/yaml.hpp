// YAML in, with bounds; and out, the same bytes for the same value.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/json/json.hpp"

namespace sealos {

class Yaml;
using YamlNode = std::shared_ptr<const Yaml>;

/// A value as it was written: scalars are text. An alias is the value that it names, so that a
/// small text stays small whatever it stands for.
class Yaml {
 public:
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;  ///< of a scalar
  std::vector<YamlNode> items;
  std::vector<std::pair<std::string, YamlNode>> members;
  int line = 0;      ///< from 1
  size_t depth = 1;  ///< levels, aliases included

  /// A member; nullptr where there is none, or it is null, or this is no map.
  const Yaml* find(std::string_view key) const;
  /// The text of a member; "" where there is none. Throws where it is no scalar.
  std::string text_at(std::string_view key) const;
};

/// The documents of a text. Throws SEALOS_INVALID, with the line, for what is not YAML or not
/// UTF-8, keys that occur twice or are no text, more than 100 levels, and more than 100 000 values.
std::vector<YamlNode> parse_yaml(std::string_view text);

/// One document in block style; a text of several lines as it is where YAML can show it so.
std::string yaml_of(const Json& value);

bool is_utf8(std::string_view text);

}  // namespace sealos
