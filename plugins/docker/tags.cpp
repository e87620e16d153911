#include "tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "manifests.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file.hpp"
#include "support/file/file_stream.hpp"
#include "support/json/json.hpp"
#include "upload.hpp"

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

/// An image that no one else has: its configuration is random.
Item unique_image(Registry& registry) {
  const std::string config =
      fmt::format(R"({{"architecture":"","os":"","rootfs":{{"type":"layers",)"
                  R"("diff_ids":[]}},"author":"{}"}})",
                  temporary_name("removed-"));
  const Digest digest = digest_of(config);
  Blob blob;
  blob.digest = digest;
  blob.size = static_cast<std::int64_t>(config.size());
  Journal journal(registry.host(), "", false);
  Uploader uploader(registry, journal);
  const auto stream = memory_stream(config);
  uploader.upload(blob, *stream);
  return {kOciManifest,
          fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":)"
                      R"("application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},)"
                      R"("layers":[]}})",
                      kOciManifest, digest.str(), config.size())};
}

void remove_tag_alone(Registry& registry, const std::string& tag, const std::string& doing) {
  const Item before = get_manifest(registry, tag);
  const Item empty = unique_image(registry);
  put_manifest(registry, tag, empty);
  http::Response response = registry.send(delete_ask(registry, digest_of(empty.data).str()));
  if (response.ok()) return response.finish();
  const Error error = response_error(response, doing);
  put_manifest(registry, tag, before);
  throw error;
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
  const bool takes_no_tag = response.status() == 400 || response.status() == 405;
  if (!response.ok() && (Digest::parse(name) || !takes_no_tag))
    throw response_error(response, doing);
  const bool done = response.ok();
  response.finish();
  if (!done) remove_tag_alone(registry, name, doing);
}

}  // namespace sealos::docker
