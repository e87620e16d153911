#include "support/json/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sealos {
namespace {

[[noreturn]] void wrong_kind(std::string_view what, const char* kind) {
  throw Error(Status::invalid, fmt::format("\"{}\" is missing or not {}", printable(what), kind));
}

void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace

std::string Json::dump() const {
  struct Writer {
    std::string& out;
    void operator()(std::monostate) { out += "null"; }
    void operator()(bool value) { out += value ? "true" : "false"; }
    void operator()(std::int64_t value) { out += fmt::format("{}", value); }
    void operator()(double value) {
      out += std::isfinite(value) ? fmt::format("{}", value) : "null";
    }
    void operator()(const std::string& value) { write_string(out, value); }
    void operator()(const Array& items) {
      out += '[';
      for (size_t i = 0; i < items.size(); ++i) {
        if (i != 0) out += ',';
        std::visit(*this, items[i].value_);
      }
      out += ']';
    }
    void operator()(const Object& members) {
      out += '{';
      for (size_t i = 0; i < members.size(); ++i) {
        if (i != 0) out += ',';
        write_string(out, members[i].first);
        out += ':';
        std::visit(*this, members[i].second.value_);
      }
      out += '}';
    }
  };
  std::string out;
  std::visit(Writer{out}, value_);
  return out;
}

bool Json::boolean(std::string_view what) const {
  if (!is_bool()) wrong_kind(what, "true or false");
  return std::get<bool>(value_);
}

std::int64_t Json::integer(std::string_view what) const {
  if (!is_integer()) wrong_kind(what, "an integer");
  return std::get<std::int64_t>(value_);
}

const std::string& Json::string(std::string_view what) const {
  if (!is_string()) wrong_kind(what, "a string");
  return std::get<std::string>(value_);
}

const Json::Array& Json::items(std::string_view what) const {
  if (!is_array()) wrong_kind(what, "an array");
  return std::get<Array>(value_);
}

Json::Array& Json::items(std::string_view what) {
  return const_cast<Array&>(static_cast<const Json*>(this)->items(what));
}

const Json::Object& Json::members(std::string_view what) const {
  if (!is_object()) wrong_kind(what, "an object");
  return std::get<Object>(value_);
}

Json::Object& Json::members(std::string_view what) {
  return const_cast<Object&>(static_cast<const Json*>(this)->members(what));
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const Object& object = std::get<Object>(value_);
  const auto at =
      std::find_if(object.begin(), object.end(), [&](const Member& m) { return m.first == key; });
  return at == object.end() || at->second.is_null() ? nullptr : &at->second;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(static_cast<const Json*>(this)->find(key));
}

const Json& Json::at(std::string_view key) const {
  if (const Json* member = find(key)) return *member;
  throw Error(Status::invalid, fmt::format("\"{}\" is missing", printable(key)));
}

std::string Json::text_at(std::string_view key) const {
  const Json* member = find(key);
  return member == nullptr ? std::string() : member->string(key);
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object();
  Object& object = members(key);
  const auto at =
      std::find_if(object.begin(), object.end(), [&](const Member& m) { return m.first == key; });
  if (at != object.end()) return at->second = std::move(value);
  return object.emplace_back(std::string(key), std::move(value)).second;
}

void Json::erase(std::string_view key) {
  if (!is_object()) return;
  std::erase_if(std::get<Object>(value_), [&](const Member& m) { return m.first == key; });
}

void Json::push_back(Json value) {
  if (is_null()) value_ = Array();
  items("array").push_back(std::move(value));
}

}  // namespace sealos
