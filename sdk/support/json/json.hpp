// JSON as a value that keeps the order of members and what it does not know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sealos/sdk/error.hpp"

namespace sealos {

/// A JSON value. Objects keep the order of their members, so that a document that is read, changed
/// in one place and written again differs in that place only. Concurrent reading is safe.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  static Json array() { return Json(Array()); }
  static Json object(Object members = {}) {
    Json json;
    json.value_ = std::move(members);
    return json;
  }

  /// One JSON document and nothing after it. Throws SEALOS_INVALID for anything else, and for
  /// members that occur twice, nesting beyond 64 levels, and text that is not UTF-8.
  static Json parse(std::string_view text);

  /// Compact, members in their order. What parse reads, dump writes: `<`, `>` and `&` stay as
  /// they are.
  std::string dump() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// These throw SEALOS_INVALID, naming `what`, where the value is of another kind.
  bool boolean(std::string_view what) const;
  std::int64_t integer(std::string_view what) const;
  const std::string& string(std::string_view what) const;
  const Array& items(std::string_view what) const;
  Array& items(std::string_view what);
  const Object& members(std::string_view what) const;
  Object& members(std::string_view what);

  /// A member; nullptr where there is none, or it is null, or this is no object.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  /// A member that has to be there; throws SEALOS_INVALID.
  const Json& at(std::string_view key) const;
  /// The text of a member; "" where there is none. Throws where it is no string.
  std::string text_at(std::string_view key) const;
  /// Replaces the member, or appends it. Makes null an object.
  Json& set(std::string_view key, Json value);
  void erase(std::string_view key);
  void push_back(Json value);

  bool operator==(const Json&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

}  // namespace sealos
