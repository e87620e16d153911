// The module: what parses, by yaml-cpp.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "core/yaml/yaml_module.hpp"

namespace sealos {
namespace {

constexpr size_t kMaxDepth = 100, kMaxValues = 100'000;

[[noreturn]] void refuse(int line, const std::string& why) {
  throw Error(Status::invalid, fmt::format("line {}: {}", line, why));
}

/// Builds documents from the parser's events.
class Builder final : public YAML::EventHandler {
 public:
  std::vector<YamlNode> documents;

  void OnDocumentStart(const YAML::Mark&) override { anchors_.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(mark, Yaml::Kind::null), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto at = anchors_.find(anchor);
    if (at == anchors_.end()) refuse(mark.line + 1, "an alias inside of what it stands for");
    count(mark);
    place(at->second, mark.line + 1);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag.empty() || tag == "?";
    auto node = make(mark, plain && (value.empty() || value == "~" || value == "null")
                               ? Yaml::Kind::null
                               : Yaml::Kind::scalar);
    node->text = value;
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(mark, Yaml::Kind::list), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(mark, Yaml::Kind::map), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<Yaml> node;
    YAML::anchor_t anchor;
    bool has_key = false;
    std::string key;
    std::set<std::string> keys;
  };

  void count(const YAML::Mark& mark) {
    if (++values_ > kMaxValues) refuse(mark.line + 1, "too many values");
  }
  std::shared_ptr<Yaml> make(const YAML::Mark& mark, Yaml::Kind kind) {
    count(mark);
    auto node = std::make_shared<Yaml>();
    node->kind = kind;
    node->line = mark.line + 1;
    return node;
  }
  void add(std::shared_ptr<Yaml> node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    const int line = node->line;
    place(std::move(node), line);
  }
  void open(std::shared_ptr<Yaml> node, YAML::anchor_t anchor) {
    if (stack_.size() >= kMaxDepth) refuse(node->line, "nested too deeply");
    stack_.push_back({std::move(node), anchor, false, "", {}});
  }
  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(done.node), done.anchor);
  }
  void place(YamlNode node, int line) {
    if (stack_.empty()) {
      documents.push_back(std::move(node));
      return;
    }
    Open& top = stack_.back();
    // With what aliases stand for, so that nobody who walks through it goes deeper.
    if (stack_.size() + node->depth > kMaxDepth) refuse(line, "nested too deeply");
    top.node->depth = std::max(top.node->depth, node->depth + 1);
    if (top.node->kind == Yaml::Kind::list) {
      top.node->items.push_back(std::move(node));
    } else if (!top.has_key) {
      if (node->kind != Yaml::Kind::scalar) refuse(line, "a key that is no text");
      if (!top.keys.insert(node->text).second)
        refuse(line, fmt::format("\"{}\" occurs twice", printable(node->text, 60)));
      top.key = node->text;
      top.has_key = true;
    } else {
      top.node->members.emplace_back(std::move(top.key), std::move(node));
      top.has_key = false;
    }
  }

  std::map<YAML::anchor_t, YamlNode> anchors_;  // whose values are complete
  std::vector<Open> stack_;
  size_t values_ = 0;
};

std::vector<YamlNode> parse(std::string_view text) {
  Builder builder;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    refuse(std::max(e.mark.line, -1) + 1, printable(e.msg));
  }
  return std::move(builder.documents);
}

}  // namespace
}  // namespace sealos

extern "C" [[gnu::visibility("default")]] const sealos::YamlModule sealos_module = {&sealos::parse};
