// Header fields of HTTP messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealos::http {

/// Fields in their order; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  /// Throws SEALOS_INVALID for a value with a line end or another control character in it.
  void add(std::string_view name, std::string_view value);
  /// Replaces all fields of the name.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);

  /// The first of the name; valid as long as this object is not changed.
  std::optional<std::string_view> find(std::string_view name) const;
  /// The first of the name, or "".
  std::string text(std::string_view name) const { return std::string(find(name).value_or("")); }
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

bool same_text(std::string_view a, std::string_view b);  ///< without regard to case, ASCII
std::string_view trimmed(std::string_view text);         ///< without blanks at both ends

}  // namespace sealos::http
