#include "api_signatures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "support/base64/base64.hpp"
#include "support/json/json.hpp"
#include "support/signature_file/signature_file.hpp"

namespace sealos::docker {
namespace {

constexpr size_t kMaxAnswer = 4 << 20;
constexpr size_t kMaxSignatures = 1000;

Ask signature_ask(const Registry& registry, const char* method, const Digest& manifest) {
  Ask ask;
  ask.method = method;
  ask.root = "/extensions/v2/";
  ask.path = fmt::format("{}/signatures/{}", registry.path(), manifest.str());
  ask.scopes = ask.method == "GET" ? registry.pull_scope() : registry.push_scope();
  return ask;
}

std::string doing_with(const char* what, const Registry& registry, const Digest& manifest) {
  return fmt::format("{} signatures of {}@{}", what, registry.repository(), manifest.brief());
}

std::string random_hex() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace

std::vector<Item> read_api_signatures(Registry& registry, const Digest& manifest) {
  const std::string doing = doing_with("reading", registry, manifest);
  http::Response response = registry.require(signature_ask(registry, "GET", manifest), doing);
  try {
    const Json json = Json::parse(response.read_all(kMaxAnswer));
    std::vector<Item> found;
    const Json* list = json.find("signatures");
    if (list == nullptr) return found;
    for (const Json& one : list->items("signatures")) {
      const Json* version = one.find("schemaVersion");
      const bool known = version != nullptr && version->integer("schemaVersion") == 2 &&
                         one.text_at("type") == "atomic";
      if (!known) continue;
      auto content = decode_base64(one.text_at("content"));
      if (!content) throw Error(Status::invalid, "a signature is not base64");
      if (found.size() == kMaxSignatures) throw Error(Status::invalid, "there are too many");
      found.push_back(parse_signature(*std::move(content), "a signature"));
    }
    return found;
  } catch (Error& e) {
    throw e.add_context(doing);
  }
}

void add_api_signatures(Registry& registry, const Digest& manifest,
                        const std::vector<Item>& signatures) {
  const std::string doing = doing_with("writing", registry, manifest);
  const std::vector<Item> there = read_api_signatures(registry, manifest);
  for (const Item& one : signatures) {
    const bool known = std::any_of(there.begin(), there.end(),
                                   [&](const Item& other) { return other.data == one.data; });
    if (known) continue;
    Ask ask = signature_ask(registry, "PUT", manifest);
    ask.headers.add("Content-Type", "application/json");
    ask.body = Json::object({{"schemaVersion", 2},
                             {"name", fmt::format("{}@{}", manifest.str(), random_hex())},
                             {"type", "atomic"},
                             {"content", encode_base64(signature_file(one))}})
                   .dump();
    registry.require(ask, doing).finish();
  }
}

}  // namespace sealos::docker
