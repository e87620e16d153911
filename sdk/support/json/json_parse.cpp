#include <Poco/Exception.h>
#include <Poco/JSON/Handler.h>
#include <Poco/JSON/JSONException.h>
#include <Poco/JSON/Parser.h>
#include <Poco/TextIterator.h>
#include <Poco/UTF8Encoding.h>

#include <algorithm>
#include <limits>

#include "support/json/json.hpp"

namespace sealos {
namespace {

constexpr size_t kMaxDepth = 64;

/// Builds a Json from the parser's events.
class Builder : public Poco::JSON::Handler {
 public:
  void reset() override {}
  void startObject() override { open(Json::object()); }
  void endObject() override {
    refuse_twins(stack_.back().members("object"));
    close();
  }
  void startArray() override { open(Json::array()); }
  void endArray() override { close(); }
  void key(const std::string& name) override { keys_.push_back(name); }
  void null() override { add(nullptr); }
  void value(int v) override { add(std::int64_t{v}); }
  void value(unsigned v) override { add(std::int64_t{v}); }
  void value(Poco::Int64 v) override { add(std::int64_t{v}); }
  void value(Poco::UInt64 v) override {
    if (v > static_cast<Poco::UInt64>(std::numeric_limits<std::int64_t>::max())) {
      add(static_cast<double>(v));
    } else {
      add(static_cast<std::int64_t>(v));
    }
  }
  void value(const std::string& v) override { add(v); }
  void value(double v) override { add(v); }
  void value(bool v) override { add(v); }

  Json take() {
    if (!done_) throw Error(Status::invalid, "not a JSON document: it is empty or cut off");
    return std::move(root_);
  }

 private:
  void open(Json container) {
    if (stack_.size() >= kMaxDepth) throw Error(Status::invalid, "JSON is nested too deeply");
    stack_.push_back(std::move(container));
  }
  void close() {
    Json finished = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(finished));
  }
  void add(Json value) {
    if (stack_.empty()) {
      if (done_) throw Error(Status::invalid, "more than one JSON document");
      root_ = std::move(value);
      done_ = true;
    } else if (stack_.back().is_object()) {
      stack_.back().members("object").emplace_back(std::move(keys_.back()), std::move(value));
      keys_.pop_back();
    } else {
      stack_.back().push_back(std::move(value));
    }
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
  bool done_ = false;
};

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80       ? 1
                          : lead >> 5 == 6  ? 2
                          : lead >> 4 == 14 ? 3
                          : lead >> 3 == 30 ? 4
                                            : 0;
    if (length == 0 || i + length > text.size()) return false;
    if (length > 1 &&
        !Poco::UTF8Encoding::isLegal(reinterpret_cast<const unsigned char*>(text.data()) + i,
                                     static_cast<int>(length))) {
      return false;
    }
    i += length;
  }
  return true;
}

}  // namespace

Json Json::parse(std::string_view text) {
  if (!is_utf8(text)) throw Error(Status::invalid, "not a JSON document: not UTF-8");
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    throw Error(Status::invalid, "not a JSON document: it is empty or cut off");
  Poco::SharedPtr<Builder> builder(new Builder);
  try {
    // The parser takes documents one after the other; a wrapping array makes anything after the
    // first an error.
    Poco::JSON::Parser parser(builder);
    parser.setDepth(kMaxDepth + 2);
    parser.parse("[" + std::string(text) + "]");
  } catch (const Poco::Exception& e) {
    throw Error(Status::invalid, "not a JSON document: " + printable(e.message()));
  }
  Json wrapped = builder->take();
  Array& only = wrapped.items("document");
  if (only.size() != 1) throw Error(Status::invalid, "more than one JSON document");
  return std::move(only.front());
}

}  // namespace sealos
