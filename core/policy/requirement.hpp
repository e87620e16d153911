// One thing that policy.json demands of an image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/json/json.hpp"

namespace sealos::policy {

/// Format: containers-policy.json(5), "POLICY REQUIREMENTS".
struct Requirement {
  enum class Kind { accept_anything, reject, signed_by, signed_base_layer, sigstore_signed };
  Kind kind = Kind::reject;
  Json details;  ///< the whole object, checked: its members are known ones, and of the right kind

  /// Throws SEALOS_INVALID. Unknown members are errors: one that is misspelt must not be lost.
  static Requirement parse(const Json& json);
};

/// Throws SEALOS_INVALID where an object has other members than these.
void refuse_unknown(const Json& object, std::initializer_list<std::string_view> known);

using Requirements = std::vector<Requirement>;
/// A list of at least one.
Requirements parse_requirements(const Json& json);

}  // namespace sealos::policy
