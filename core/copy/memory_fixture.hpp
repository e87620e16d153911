// A transport in memory, for tests of the engine.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/copy/copy.hpp"
#include "core/manifest/manifest.hpp"
#include "sealos/ext/draft/ordered_blobs.h"
#include "sealos/sdk/plugin.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::testing {

/// A place in memory; its members say how it misbehaves.
struct Place {
  std::map<std::string, std::string> blobs, manifests;  // by digest; "" is the top level
  std::vector<std::string> types;
  LayerCompression compression = LayerCompression::preserve;
  std::atomic<int> puts = 0, aborts = 0, commits = 0, fail_reads = 0, asked = 0,
                   signature_reads = 0;
  std::string cut, rejected_type;
  std::map<std::string, std::vector<Item>> signatures;  // by digest; "" is the top level
  std::string docker_name, refused_format;
  bool opened = false;
  std::set<std::string> mounts;                 // what another place has
  std::vector<Item> referrers;                  // manifests with a subject
  std::map<std::string, std::string> attached;  // digests, by "kind subject"
  bool list_fails = false;
  std::map<std::string, int> opened_layers;  // how often each blob was read
  bool no_parts = false;                     // only whole blobs can be read
  bool ordered = false;                      // takes blobs in turns
  std::vector<Blob> begun;                   // what came to be put, in this order
  std::function<void(const Blob&)> after_first_read;
  std::mutex mutex;
};
inline std::map<std::string, Place>* places;

inline std::vector<Referrer> referrers_at(const Place& place, const Digest& subject,
                                          const std::optional<std::string>& type) {
  std::vector<Referrer> out;
  if (place.list_fails) throw Error(Status::unavailable, "no list");
  for (const auto& [name, text] : place.manifests) {
    const Item manifest{std::string(media_type::kOciManifest), text};
    if (name.empty() || subject_of(manifest) != subject) continue;
    const Digest digest = Digest::require(name);
    const Json descriptor = referrer_descriptor(digest, manifest);
    if (!type || descriptor.text_at("artifactType") == *type)
      out.push_back({digest, descriptor.dump()});
  }
  return out;
}

struct MemorySource {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  Place& place;
  Item read_manifest(const std::optional<Digest>& instance) {
    const auto at = place.manifests.find(instance ? instance->str() : "");
    if (at == place.manifests.end()) throw Error(Status::not_found, "no such manifest");
    return {"", at->second};
  }
  std::vector<Item> read_signatures(const std::optional<Digest>& instance) {
    ++place.signature_reads;
    const auto at = place.signatures.find(instance ? instance->str() : "");
    return at == place.signatures.end() ? std::vector<Item>() : at->second;
  }
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length) {
    if (!blob.is_config() && place.fail_reads > 0) {
      --place.fail_reads;
      throw Error(Status::unavailable, "busy").set_retryable();
    }
    const auto at = place.blobs.find(blob.digest->str());
    if (at == place.blobs.end()) throw Error(Status::not_found, "no such blob");
    {
      const std::lock_guard lock(place.mutex);
      ++place.opened_layers[at->first];
    }
    if (length >= 0 && place.no_parts) throw Error(Status::unsupported, "only the whole");
    if (length >= 0)
      return memory_stream(
          at->second.substr(static_cast<size_t>(offset), static_cast<size_t>(length)));
    return memory_stream(place.cut == at->first ? at->second.substr(1) : at->second);
  }
  static std::string describe(const std::string& digest, const std::string& manifest) {
    return Json::object({{"mediaType", media_type::kOciManifest},
                         {"digest", digest},
                         {"size", static_cast<std::int64_t>(manifest.size())}})
        .dump();
  }
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& type) {
    return referrers_at(place, subject, type);
  }
  std::vector<Attached> list_attached(const Digest& subject) {
    std::vector<Attached> found;
    for (const char* kind : {"sig", "sbom"}) {
      const auto at = place.attached.find(std::string(kind) + " " + subject.str());
      if (at == place.attached.end()) continue;
      found.push_back({kind, describe(at->second, place.manifests.at(at->second))});
    }
    return found;
  }
};

struct MemoryDestination {
  Place& place;
  sdk::Intent intent;
  std::uint32_t flags() const { return place.ordered ? 0 : SEALOS_PARALLEL; }
  const void* get_extension(const char* id) const {
    static constexpr sealos_ordered_blobs kOrdered{sizeof(sealos_ordered_blobs), 0};
    return place.ordered && std::string_view(id) == SEALOS_ORDERED_BLOBS ? &kOrdered : nullptr;
  }
  std::vector<std::string> manifest_types() const { return place.types; }
  LayerCompression compression() const { return place.compression; }
  Blob put_blob(const Blob& blob, Stream& from) {
    if (intent == sdk::Intent::preview) throw Error(Status::internal, "a preview was written to");
    {
      const std::lock_guard lock(place.mutex);
      place.begun.push_back(blob);
    }
    std::string bytes(1, '\0');
    bytes.resize(from.read(std::as_writable_bytes(std::span(bytes))));
    if (place.after_first_read) place.after_first_read(blob);
    bytes += read_stream(from, 1 << 26, "blob");
    Blob stored = blob;
    stored.digest = digest_of(bytes);
    stored.size = static_cast<std::int64_t>(bytes.size());
    const std::lock_guard lock(place.mutex);
    ++place.puts;
    place.blobs[stored.digest->str()] = bytes;
    return stored;
  }
  std::optional<Blob> try_reuse(const Reuse& want) {
    const std::lock_guard lock(place.mutex);
    ++place.asked;
    if (want.blob.digest && place.mounts.contains(want.blob.digest->str())) {
      Blob mounted = want.blob;
      mounted.location = "elsewhere";
      return mounted;
    }
    std::vector<Blob> all = want.candidates;
    all.insert(all.begin(), want.blob);
    for (Blob& blob : all) {
      const auto at = place.blobs.find(blob.digest->str());
      if (at == place.blobs.end()) continue;
      blob.size = static_cast<std::int64_t>(at->second.size());
      return blob;
    }
    return std::nullopt;
  }
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
    if (manifest.label == place.rejected_type)
      throw Error(Status::manifest_rejected, "not this one");
    place.manifests[instance ? instance->str() : ""] = manifest.data;
  }
  void check_signatures(std::string_view format) {
    if (format == place.refused_format) throw Error(Status::unsupported, "no place for them");
  }
  void put_signatures(const std::optional<Digest>& instance, const std::vector<Item>& items) {
    place.signatures[instance ? instance->str() : ""] = items;
  }
  void put_attached(const Digest& subject, const std::string& kind, const Item& manifest) {
    place.manifests[digest_of(manifest.data).str()] = manifest.data;
    place.attached[kind + " " + subject.str()] = digest_of(manifest.data).str();
  }
  std::optional<std::string> commit(const Item&) {
    ++place.commits;
    return std::nullopt;
  }
  void put_referrer(const Item& manifest) {
    place.referrers.push_back(manifest);
    place.manifests[digest_of(manifest.data).str()] = manifest.data;
  }
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& type) {
    return referrers_at(place, subject, type);
  }
  void abort() { ++place.aborts; }
};

class MemoryReference {
 public:
  std::string name;
  std::string canonical() const { return name; }
  std::optional<std::string> docker_name() const {
    return (*places)[name].docker_name.empty() ? std::nullopt
                                               : std::optional((*places)[name].docker_name);
  }
  std::unique_ptr<MemorySource> open_source(sdk::Host host) const {
    host.option("memory.mode");
    return std::unique_ptr<MemorySource>(new MemorySource{(*places)[name]});
  }
  std::unique_ptr<MemoryDestination> open_destination(sdk::Host) const {
    (*places)[name].opened = true;
    return make(sdk::Intent::write);
  }
  std::unique_ptr<MemoryDestination> open_preview(sdk::Host) const {
    return make(sdk::Intent::preview);
  }

 private:
  std::unique_ptr<MemoryDestination> make(sdk::Intent intent) const {
    return std::unique_ptr<MemoryDestination>(new MemoryDestination{(*places)[name], intent});
  }
};

struct MemoryTransport {
  static constexpr const char* kName = "memory";
  static constexpr const char* kOptions[] = {"memory.mode", "for tests", "memory.unread",
                                             "listed and not read", nullptr};
  static std::unique_ptr<MemoryReference> parse_reference(sdk::Host, std::string_view details) {
    auto reference = std::make_unique<MemoryReference>();
    reference->name = details;
    return reference;
  }
};

struct Fixture {
  std::map<std::string, Place> all;
  PluginManifest plugin;
  Hooks hooks;
  CancelToken cancel;
  Progress progress;
  CopyRequest request;
  Place& from = all["from"];
  Place& to = all["to"];
  std::string layer = std::string(300000, 'x') + "end";

  Fixture() {
    places = &all;
    plugin.name = "memory";
    request.source = {"memory", "from"};
    request.destination = {"memory", "to"};
    request.retry.delay = std::chrono::milliseconds(1);
  }

  std::string add_blob(const std::string& bytes) {
    const std::string digest = digest_of(bytes).str();
    from.blobs[digest] = bytes;
    return digest;
  }

  std::string image(const std::string& layer_type, const std::vector<std::string>& layers,
                    const std::string& architecture = "amd64",
                    const std::vector<std::string>& plain = {}) {
    std::string ids, list;
    for (size_t i = 0; i < layers.size(); ++i) {
      const std::string& bytes = layers[i];
      const std::string comma = list.empty() ? "" : ",";
      ids += comma + "\"" + digest_of(plain.empty() ? bytes : plain[i]).str() + "\"";
      list += comma + R"({"mediaType":")" + layer_type + R"(","digest":")" + add_blob(bytes) +
              R"(","size":)" + std::to_string(bytes.size()) + "}";
    }
    const std::string config = R"({"architecture":")" + architecture +
                               R"(","os":"linux","history":[)" + history(layers.size()) +
                               R"(],"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
    return R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
           add_blob(config) + R"(","size":)" + std::to_string(config.size()) + R"(},"layers":[)" +
           list + "]}";
  }

  /// One step more than there are layers: the last changes no file.
  static std::string history(size_t layers) {
    std::string text;
    for (size_t i = 0; i < layers; ++i) text += R"({"created_by":"a step"},)";
    return text + R"({"created_by":"the last","empty_layer":true})";
  }

  FindTransport finder() {
    return [&](std::string_view name) {
      if (name != "memory") throw Error(Status::unsupported, "none");
      return Transport(&sdk::TransportOf<MemoryTransport>::value, &plugin);
    };
  }
  CopyReport copy() { return copy_image(finder(), hooks, cancel, request, progress); }
  CopyDetails preview() { return preview_copy(finder(), hooks, cancel, request, progress); }

  /// An index of images, one for each platform, as an entry of another index, or on its own.
  std::string index(const std::vector<std::string>& entries) {
    std::string text;
    for (const std::string& entry : entries) text += (text.empty() ? "" : ",") + entry;
    return R"({"schemaVersion":2,"manifests":[)" + text + "]}";
  }
  /// Adds the manifest to the source; returns an index's entry for it.
  std::string entry(const std::string& manifest, const std::string& platform,
                    const std::string& more = "") {
    from.manifests[digest_of(manifest).str()] = manifest;
    const bool inner = manifest.find(R"("manifests":)") != std::string::npos;
    std::string text = R"({"mediaType":")" +
                       std::string(inner ? media_type::kOciIndex : media_type::kOciManifest) +
                       R"(","digest":")" + digest_of(manifest).str() + R"(","size":)" +
                       std::to_string(manifest.size());
    if (!platform.empty()) {
      const Platform parsed = Platform::parse(platform);
      text += R"(,"platform":{"os":")" + parsed.os + R"(","architecture":")" + parsed.architecture +
              "\"";
      if (!parsed.variant.empty()) text += R"(,"variant":")" + parsed.variant + "\"";
      text += "}";
    }
    return text + more + "}";
  }

  Side failing_side() {
    try {
      copy();
    } catch (const CopyError& e) {
      MESSAGE(e.message());
      return e.side();
    }
    FAIL("no error");
    return Side::neither;
  }
};

inline const std::string kPlain(media_type::kOciLayer);

}  // namespace sealos::testing
