#include "tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "manifests.hpp"
#include "support/json/json.hpp"

namespace sealos::docker {
namespace {

constexpr size_t kMaxPage = 16 << 20;

/// The address in `Link: <address>; rel="next"`; "" if there is none.
std::string next_page(const http::Response& response) {
  for (const std::string& link : response.headers().all("Link")) {
    const size_t from = link.find('<'), to = link.find('>');
    if (from == std::string::npos || to == std::string::npos || to < from) continue;
    const std::string rest = link.substr(to);
    if (rest.find("rel=\"next\"") == std::string::npos &&
        rest.find("rel=next") == std::string::npos)
      continue;
    return link.substr(from + 1, to - from - 1);
  }
  return {};
}

void add_tags(const std::string& page, const std::string& doing, std::set<std::string>& tags) {
  try {
    const Json json = Json::parse(page);
    const Json* list = json.find("tags");
    if (list == nullptr) return;
    for (const Json& tag : list->items("tags")) {
      // Some registries list null, "" and digests; none of these is a tag.
      if (tag.is_string() && is_tag(tag.string("tag"))) tags.insert(tag.string("tag"));
    }
  } catch (Error& e) {
    throw Error(Status::corrupt, doing + ": " + e.message());
  }
}

Ask delete_ask(const Registry& registry, const std::string& name) {
  Ask ask;
  ask.method = "DELETE";
  ask.path = registry.path() + "/manifests/" + name;
  ask.scopes = {"repository:" + registry.path() + ":*"};
  return ask;
}

}  // namespace

std::vector<std::string> list_tags(Registry& registry) {
  const std::string doing = "listing the tags of " + registry.repository();
  std::set<std::string> tags, seen;
  Ask ask;
  ask.path = registry.path() + "/tags/list?n=1000";
  ask.scopes = registry.pull_scope();
  for (;;) {
    http::Response response = registry.require(ask, doing);
    add_tags(response.read_all(kMaxPage), doing, tags);
    const std::string next = next_page(response);
    if (next.empty()) break;
    // Behind a proxy the host in it may be wrong; path and query are what counts.
    http::Url url = response.url();
    url.target = response.url().resolve(next).target;
    if (!seen.insert(url.target).second)
      throw Error(Status::corrupt, doing + ": the pages go in a circle");
    ask.url = url;
  }
  return {tags.begin(), tags.end()};
}

void remove_image(Registry& registry, const std::string& name) {
  const std::string doing = fmt::format("removing {} from {}", name, registry.repository());
  http::Response response = registry.send(delete_ask(registry, name));
  const bool is_digest = Digest::parse(name).has_value();
  const bool takes_no_tag = response.status() == 400 || response.status() == 405;
  if (!is_digest && takes_no_tag) {
    response.finish();
    const auto digest = head_manifest(registry, name);
    if (!digest) throw Error(Status::not_found, doing + ": there is no such tag");
    registry.host().warn(fmt::format("{} cannot remove a tag alone; all tags of {} go with it",
                                     registry.domain(), digest->brief()));
    response = registry.send(delete_ask(registry, digest->str()));
  }
  if (!response.ok()) throw response_error(response, doing);
  response.finish();
}

}  // namespace sealos::docker
