#include "support/oci_layout/layout_source.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::oci_layout {
namespace {

constexpr int kMaxNesting = 4;
constexpr size_t kMaxIndexes = 256;

}  // namespace

void check_blob_size(const Digest& digest, std::int64_t is, std::int64_t should_be) {
  if (should_be < 0 || is == should_be) return;
  throw Error(Status::corrupt, fmt::format("blob {} has {} bytes but should have {}",
                                           digest.brief(), is, should_be));
}

std::string read_manifest_blob(const BlobFiles& blobs, const Descriptor& descriptor) {
  const std::string what = "manifest " + descriptor.digest.brief();
  if (descriptor.size > static_cast<std::int64_t>(kMaxManifest)) {
    throw Error(Status::invalid, fmt::format("{} has {} bytes, more than the {} that are read",
                                             what, descriptor.size, kMaxManifest));
  }
  const auto stream = blobs.open(descriptor.digest, descriptor.size, 0, -1);
  std::string text = read_stream(*stream, kMaxManifest, what);
  if (digest_of(text, descriptor.digest.algorithm()) != descriptor.digest) {
    throw Error(Status::corrupt, what + " does not have that digest");
  }
  return text;
}

std::vector<Referrer> referrers_in(const Json::Array& entries, const BlobFiles& blobs,
                                   const Digest& subject,
                                   const std::optional<std::string>& artifact_type) {
  std::vector<Referrer> found;
  std::set<Digest> seen;
  for (const Json& json : entries) {
    const std::string type = json.text_at("mediaType");
    if (!is_manifest(type) && !is_index(type)) continue;
    const Descriptor entry = Descriptor::of(json);
    if (!seen.insert(entry.digest).second) continue;
    try {
      const Item manifest{entry.media_type, read_manifest_blob(blobs, entry)};
      if (subject_of(manifest) != subject) continue;
      const Json descriptor = referrer_descriptor(entry.digest, manifest);
      if (artifact_type && descriptor.text_at("artifactType") != *artifact_type) continue;
      found.push_back({entry.digest, descriptor.dump()});
    } catch (const Error& e) {
      // The blobs of other images may be missing, as in a layout that is not complete.
      if (e.status() != Status::not_found) throw;
    }
  }
  return found;
}

LayoutSource::LayoutSource(std::string name, std::shared_ptr<const BlobFiles> blobs,
                           const Json& top, Json::Array entries)
    : name_(std::move(name)),
      blobs_(std::move(blobs)),
      top_(Descriptor::of(top)),
      entries_(std::move(entries)) {
  remember_data(top);
}

Item LayoutSource::read_manifest(const std::optional<Digest>& instance) {
  const std::lock_guard lock(mutex_);
  try {
    if (!instance || *instance == top_.digest) return {top_.media_type, load(top_)};
    const Descriptor& found = find_instance(*instance);
    return {found.media_type, load(found)};
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

std::unique_ptr<Stream> LayoutSource::open_blob(const Blob& blob, std::int64_t offset,
                                                std::int64_t length) {
  if (!blob.digest) throw Error(Status::invalid, name_ + ": a blob without a digest was asked for");
  try {
    return blobs_->open(*blob.digest, blob.size, offset, length);
  } catch (Error& e) {
    if (e.status() != Status::not_found) throw e.add_context(name_);
    const std::lock_guard lock(mutex_);
    const auto at = data_.find(*blob.digest);
    if (at == data_.end()) throw e.add_context(name_);
    const auto size = static_cast<std::int64_t>(at->second.size());
    if (offset < 0 || offset > size || (length >= 0 && length > size - offset)) throw;
    return memory_stream(at->second.substr(
        static_cast<size_t>(offset), static_cast<size_t>(length < 0 ? size - offset : length)));
  }
}

std::vector<Referrer> LayoutSource::list_referrers(
    const Digest& subject, const std::optional<std::string>& artifact_type) {
  try {
    std::vector<Referrer> found = referrers_in(entries_, *blobs_, subject, artifact_type);
    const std::lock_guard lock(mutex_);
    for (const Referrer& one : found)
      children_.insert_or_assign(one.digest, Descriptor::of(Json::parse(one.descriptor)));
    return found;
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

std::vector<Attached> LayoutSource::list_attached(const Digest& subject) {
  const std::lock_guard lock(mutex_);
  std::vector<Attached> found;
  for (const std::string_view kind : kAttachedKinds) {
    const std::string name = attached_name(subject, kind);
    for (const Json& json : entries_) {
      if (annotation(json, kRefName) != name) continue;
      const Descriptor entry = Descriptor::of(json);
      children_.insert_or_assign(entry.digest, entry);
      found.push_back({std::string(kind), entry.json().dump()});
      break;
    }
  }
  return found;
}

/// Searches what is known already, then the index, and the indexes in it. Called with the lock
/// held.
const Descriptor& LayoutSource::find_instance(const Digest& instance) {
  if (const auto at = children_.find(instance); at != children_.end()) return at->second;
  std::vector<Descriptor> level{top_};
  std::set<Digest> seen{top_.digest};
  for (int depth = 0; depth < kMaxNesting && !level.empty(); ++depth) {
    std::vector<Descriptor> below;
    for (const Descriptor& index : level) {
      if (!is_index(index.media_type)) continue;
      const Json parsed = Json::parse(load(index));
      if (const auto at = children_.find(instance); at != children_.end()) return at->second;
      const Json* manifests = parsed.find("manifests");
      if (manifests == nullptr) continue;
      for (const Json& child : manifests->items("manifests")) {
        const Descriptor descriptor = Descriptor::of(child);
        if (seen.insert(descriptor.digest).second) below.push_back(descriptor);
      }
      if (indexes_.size() > kMaxIndexes) throw Error(Status::invalid, "too many nested indexes");
    }
    level = std::move(below);
  }
  throw Error(Status::not_found,
              fmt::format("there is no manifest {} in the index", instance.brief()));
}

/// Called with the lock held. Indexes are kept, as they are asked for again and again.
const std::string& LayoutSource::load(const Descriptor& descriptor) {
  if (!is_index(descriptor.media_type) && !is_manifest(descriptor.media_type)) {
    throw Error(Status::unsupported,
                fmt::format("{} is no image but has the type \"{}\"", descriptor.digest.brief(),
                            printable(descriptor.media_type)));
  }
  const auto kept = indexes_.find(descriptor.digest);
  if (kept != indexes_.end()) return kept->second;
  std::string text;
  if (const auto at = data_.find(descriptor.digest); at != data_.end()) {
    text = at->second;
  } else {
    text = read_manifest_blob(*blobs_, descriptor);
  }
  remember(text);
  return indexes_[descriptor.digest] = std::move(text);
}

/// Takes down what a manifest or index says of others. One that is no JSON says nothing here; its
/// reader will complain.
void LayoutSource::remember(const std::string& manifest) {
  Json parsed;
  try {
    parsed = Json::parse(manifest);
  } catch (const Error&) {
    return;
  }
  if (const Json* config = parsed.find("config")) remember_data(*config);
  for (const char* list : {"layers", "manifests"}) {
    const Json* items = parsed.find(list);
    if (items == nullptr || !items->is_array()) continue;
    for (const Json& item : items->items(list)) {
      remember_data(item);
      if (std::string_view(list) == "manifests") {
        const Descriptor child = Descriptor::of(item);
        children_.insert_or_assign(child.digest, child);
      }
    }
  }
}

/// A descriptor may carry its blob (OCI image-spec, descriptor.md, "data").
void LayoutSource::remember_data(const Json& descriptor) {
  const Json* data = descriptor.find("data");
  if (data == nullptr || !data->is_string()) return;
  const Descriptor whose = Descriptor::of(descriptor);
  auto bytes = decode_base64(data->string("data"));
  if (!bytes || digest_of(*bytes, whose.digest.algorithm()) != whose.digest) {
    throw Error(Status::corrupt, fmt::format("the data in descriptor {} does not have that digest",
                                             whose.digest.brief()));
  }
  data_.insert_or_assign(whose.digest, *std::move(bytes));
}

}  // namespace sealos::oci_layout
