// RapidJSON reads; what else a document must be to be taken is said here.
#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <limits>

#include "support/json/json.hpp"

namespace sealos {
namespace {

constexpr size_t kMaxDepth = 64;

bool is_utf8(std::string_view text) {
  constexpr unsigned kLeast[] = {0, 0, 0x80, 0x800, 0x10000};  // for that many bytes
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80       ? 1
                          : lead >> 5 == 6  ? 2
                          : lead >> 4 == 14 ? 3
                          : lead >> 3 == 30 ? 4
                                            : 0;
    if (length == 0 || i + length > text.size()) return false;
    unsigned code = length == 1 ? lead : lead & (0x7fu >> length);
    for (size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if (byte >> 6 != 2) return false;
      code = code << 6 | (byte & 0x3fu);
    }
    if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    i += length;
  }
  return true;
}

/// Builds a Json from the parser's events.
class Builder {
 public:
  bool StartObject() { return open(Json::object()); }
  bool EndObject(rapidjson::SizeType) {
    refuse_twins(stack_.back().members("object"));
    return close();
  }
  bool StartArray() { return open(Json::array()); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool Key(const char* name, rapidjson::SizeType size, bool) {
    keys_.push_back(checked(name, size));
    return true;
  }
  bool Null() { return add(nullptr); }
  bool Bool(bool v) { return add(v); }
  bool Int(int v) { return add(std::int64_t{v}); }
  bool Uint(unsigned v) { return add(std::int64_t{v}); }
  bool Int64(std::int64_t v) { return add(v); }
  bool Uint64(std::uint64_t v) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return v > kMost ? add(static_cast<double>(v)) : add(static_cast<std::int64_t>(v));
  }
  bool Double(double v) { return add(v); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }  // never asked for
  bool String(const char* text, rapidjson::SizeType size, bool) { return add(checked(text, size)); }

  Json take() { return std::move(root_); }

 private:
  /// Escapes may have made what is no UTF-8, too.
  static std::string checked(const char* text, size_t size) {
    if (!is_utf8({text, size})) throw Error(Status::invalid, "not a JSON document: not UTF-8");
    return {text, size};
  }
  bool open(Json container) {
    if (stack_.size() >= kMaxDepth) throw Error(Status::invalid, "JSON is nested too deeply");
    stack_.push_back(std::move(container));
    return true;
  }
  bool close() {
    Json finished = std::move(stack_.back());
    stack_.pop_back();
    return add(std::move(finished));
  }
  bool add(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (stack_.back().is_object()) {
      stack_.back().members("object").emplace_back(std::move(keys_.back()), std::move(value));
      keys_.pop_back();
    } else {
      stack_.back().push_back(std::move(value));
    }
    return true;
  }
  static void refuse_twins(const Json::Object& object) {
    std::vector<std::string_view> names;
    names.reserve(object.size());
    for (const auto& [name, value] : object) names.push_back(name);
    std::sort(names.begin(), names.end());
    const auto twin = std::adjacent_find(names.begin(), names.end());
    if (twin != names.end()) {
      throw Error(Status::invalid, "JSON member \"" + printable(*twin) + "\" occurs twice");
    }
  }

  std::vector<Json> stack_;
  std::vector<std::string> keys_;
  Json root_;
};

[[noreturn]] void refuse(const char* why, size_t offset) {
  std::string_view text = why;
  if (text.ends_with('.')) text.remove_suffix(1);
  throw Error(Status::invalid, fmt::format("not a JSON document: {} (at byte {})", text, offset));
}

}  // namespace

Json Json::parse(std::string_view text) {
  // The parser would take a zero for the end.
  if (const size_t zero = text.find('\0'); zero != std::string_view::npos) {
    refuse("It has a byte that is zero", zero);
  }
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  Builder builder;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (result.IsError()) refuse(rapidjson::GetParseError_En(result.Code()), result.Offset());
  return builder.take();
}

}  // namespace sealos
