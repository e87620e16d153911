#include "tags.hpp"

#include <fmt/format.h>

#include <set>

#include "manifests.hpp"
#include "pages.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file.hpp"
#include "support/file/file_stream.hpp"
#include "support/json/json.hpp"
#include "upload.hpp"

namespace sealos::docker {
namespace {

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
  std::set<std::string> tags;
  Ask ask;
  ask.path = registry.path() + "/tags/list?n=1000";
  ask.scopes = registry.pull_scope();
  for_each_page(registry, ask, doing, [&](http::Response& page) {
    if (!page.ok()) throw response_error(page, doing);
    add_tags(page_text(page, doing), doing, tags);
    return true;
  });
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
