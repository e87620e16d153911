#include "referrers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "manifests.hpp"
#include "pages.hpp"
#include "support/digest/hasher.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::docker {
namespace {

constexpr const char* kEmptyIndex =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";
/// How often another writer may change the index between our reading and writing it.
constexpr int kTurns = 8;

/// The entries of an index of referrers that are what they should be.
void add_entries(const Json& index, const std::optional<std::string>& artifact_type,
                 std::set<std::string>& seen, std::vector<Referrer>& into) {
  const Json* list = index.find("manifests");
  if (list == nullptr) return;
  for (const Json& entry : list->items("manifests")) {
    const auto digest = Digest::parse(entry.text_at("digest"));
    if (!digest) throw Error(Status::corrupt, "an entry of the list has no digest");
    if (artifact_type && entry.text_at("artifactType") != *artifact_type) continue;
    if (seen.insert(digest->str()).second) into.push_back({*digest, entry.dump()});
  }
}

bool is_index(const http::Response& response) {
  const std::string type = response.headers().text("Content-Type");
  return http::trimmed(std::string_view(type).substr(0, type.find(';'))) == kOciIndex;
}

/// nullopt: there is none, or what has the tag is something else.
std::optional<Json> tagged_index(Registry& registry, const std::string& tag) {
  try {
    const Item item = get_manifest(registry, tag);
    if (item.label == kOciIndex) return Json::parse(item.data);
    registry.host().info(fmt::format("{}:{} is no list of referrers", registry.repository(), tag));
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
  }
  return std::nullopt;
}

bool has_entry(const Json& index, const Digest& digest) {
  const Json* list = index.find("manifests");
  if (list == nullptr) return false;
  const auto& entries = list->items("manifests");
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Json& entry) { return entry.text_at("digest") == digest.str(); });
}

}  // namespace

std::string referrers_tag(const Digest& subject) {
  return fmt::format("{}-{}", subject.algorithm().substr(0, 32), subject.hex().substr(0, 64));
}

std::vector<Referrer> list_referrers(Registry& registry, const Digest& subject,
                                     const std::optional<std::string>& artifact_type) {
  const std::string doing =
      fmt::format("listing what refers to {}@{}", registry.repository(), subject.brief());
  std::vector<Referrer> found;
  std::set<std::string> seen;
  bool has_api = true;
  Ask ask;
  ask.path = fmt::format("{}/referrers/{}", registry.path(), subject.str());
  if (artifact_type) ask.path += "?artifactType=" + http::percent_encode(*artifact_type);
  ask.scopes = registry.pull_scope();
  ask.headers.add("Accept", kOciIndex);
  try {
    for_each_page(registry, ask, doing, [&](http::Response& page) {
      has_api = page.status() != 404 && page.status() != 400 && page.status() != 405 &&
                page.status() != 501 && (!page.ok() || is_index(page));
      if (has_api && !page.ok()) throw response_error(page, doing);
      if (has_api) add_entries(Json::parse(page_text(page, doing)), artifact_type, seen, found);
      if (!has_api) page.finish();
      return has_api;
    });
    if (has_api) return found;
    if (const auto index = tagged_index(registry, referrers_tag(subject)))
      add_entries(*index, artifact_type, seen, found);
    return found;
  } catch (Error& e) {
    if (!e.message().starts_with(doing)) e.add_context(doing);
    throw;
  }
}

void add_to_tagged_index(Registry& registry, const Digest& subject, const Digest& digest,
                         const Item& manifest) {
  const std::string tag = referrers_tag(subject);
  const Json entry = referrer_descriptor(digest, manifest);
  for (int turn = 0; turn < kTurns; ++turn) {
    registry.host().throw_if_cancelled();
    Json index = tagged_index(registry, tag).value_or(Json::parse(kEmptyIndex));
    // Read back after each writing: another writer's index may have taken the place of ours.
    if (has_entry(index, digest)) return;
    if (index.find("manifests") == nullptr) index.set("manifests", Json::array());
    index.find("manifests")->push_back(entry);
    put_manifest(registry, tag, {kOciIndex, index.dump()});
  }
  throw Error(Status::unavailable,
              fmt::format("{} is not listed under {}:{}: others keep changing the list",
                          digest.brief(), registry.repository(), tag));
}

std::vector<Attached> list_attached(Registry& registry, const Digest& subject) {
  std::vector<Attached> found;
  for (const std::string_view kind : kAttachedKinds) {
    const std::string tag = attached_name(subject, kind);
    if (!is_tag(tag)) continue;  // a longer digest makes no tag
    try {
      const Item item = get_manifest(registry, tag);
      const Json descriptor = Json::object({{"mediaType", item.label},
                                            {"digest", digest_of(item.data).str()},
                                            {"size", static_cast<std::int64_t>(item.data.size())}});
      found.push_back({std::string(kind), descriptor.dump()});
    } catch (const Error& e) {
      if (e.status() != Status::not_found) throw;
    }
  }
  return found;
}

void put_attached(Registry& registry, const Digest& subject, const std::string& kind,
                  const Item& manifest) {
  const std::string tag = attached_name(subject, kind);
  const Digest digest = digest_of(manifest.data);
  const auto there = head_manifest(registry, tag, registry.push_scope());
  if (there == digest) {
    registry.host().info(fmt::format("{} has this manifest as {}", registry.repository(), tag));
    return;
  }
  if (there) {
    registry.host().warn(fmt::format("{}:{} named {} and names {} now", registry.repository(), tag,
                                     there->str(), digest.str()));
  }
  put_manifest(registry, tag, manifest);
}

}  // namespace sealos::docker
