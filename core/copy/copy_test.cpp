#include "core/copy/copy.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <mutex>

#include "core/manifest/manifest.hpp"
#include "sealos/sdk/plugin.hpp"
#include "support/compression/compression.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;

namespace {

/// A place in memory; its members say how it misbehaves.
struct Place {
  std::map<std::string, std::string> blobs, manifests;  // by digest; "" is the top level
  std::vector<std::string> types;
  LayerCompression compression = LayerCompression::preserve;
  std::atomic<int> puts = 0, aborts = 0, commits = 0, fail_reads = 0, asked = 0;
  std::string cut, rejected_type;
  bool opened = false;
  std::mutex mutex;
};
std::map<std::string, Place>* places;

struct MemorySource {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  Place& place;
  Item read_manifest(const std::optional<Digest>& instance) {
    const auto at = place.manifests.find(instance ? instance->str() : "");
    if (at == place.manifests.end()) throw Error(Status::not_found, "no such manifest");
    return {"", at->second};
  }
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t, std::int64_t) {
    if (!blob.is_config() && place.fail_reads > 0) {
      --place.fail_reads;
      throw Error(Status::unavailable, "busy").set_retryable();
    }
    const auto at = place.blobs.find(blob.digest->str());
    if (at == place.blobs.end()) throw Error(Status::not_found, "no such blob");
    return memory_stream(place.cut == at->first ? at->second.substr(1) : at->second);
  }
};

struct MemoryDestination {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  Place& place;
  std::vector<std::string> manifest_types() const { return place.types; }
  LayerCompression compression() const { return place.compression; }
  Blob put_blob(const Blob& blob, Stream& from) {
    const std::string bytes = read_stream(from, 1 << 26, "blob");
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
  std::optional<std::string> commit(const Item&) {
    ++place.commits;
    return std::nullopt;
  }
  void abort() { ++place.aborts; }
};

struct MemoryReference {
  std::string name;
  std::string canonical() const { return name; }
  std::unique_ptr<MemorySource> open_source(sdk::Host) const {
    return std::make_unique<MemorySource>((*places)[name]);
  }
  std::unique_ptr<MemoryDestination> open_destination(sdk::Host) const {
    (*places)[name].opened = true;
    return std::make_unique<MemoryDestination>((*places)[name]);
  }
};

struct MemoryTransport {
  static constexpr const char* kName = "memory";
  static constexpr const char* kOptions[] = {"memory.mode", "for tests", nullptr};
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
                    const std::string& architecture = "amd64") {
    std::string ids, list;
    for (const std::string& bytes : layers) {
      const std::string comma = list.empty() ? "" : ",";
      ids += comma + "\"" + digest_of(bytes).str() + "\"";
      list += comma + R"({"mediaType":")" + layer_type + R"(","digest":")" + add_blob(bytes) +
              R"(","size":)" + std::to_string(bytes.size()) + "}";
    }
    const std::string config = R"({"architecture":")" + architecture +
                               R"(","os":"linux","rootfs":{"type":"layers","diff_ids":[)" + ids +
                               "]}}";
    return R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
           add_blob(config) + R"(","size":)" + std::to_string(config.size()) + R"(},"layers":[)" +
           list + "]}";
  }

  CopyReport copy() {
    const FindTransport find = [&](std::string_view name) {
      if (name != "memory") throw Error(Status::unsupported, "none");
      return Transport(&sdk::TransportOf<MemoryTransport>::value, &plugin);
    };
    return copy_image(find, hooks, cancel, request, progress);
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

const std::string kPlain(media_type::kOciLayer);

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an image arrives byte for byte") {
  from.manifests[""] = image(kPlain, {layer, "small", layer});
  const CopyReport report = copy();
  CHECK(to.manifests == from.manifests);
  CHECK(to.blobs == from.blobs);
  CHECK(to.puts == 3);
  CHECK(to.commits == 1);
  CHECK_FALSE(report.manifest_changed);
  CHECK(report.digest == digest_of(from.manifests[""]));
  const CopyReport again = copy();
  CHECK(to.puts == 3);
  for (const BlobReport& blob : again.blobs) CHECK(blob.outcome == BlobOutcome::reused);
}

TEST_CASE_FIXTURE(Fixture, "uncompressed layers arrive as gzip where that is wanted") {
  from.manifests[""] = image(kPlain, {layer});
  to.compression = LayerCompression::compress;
  const CopyReport report = copy();
  CHECK(report.manifest_changed);
  const Manifest now = Manifest::parse({"", to.manifests[""]});
  CHECK(now.layers()[0].media_type == kPlain + "+gzip");
  const std::string& bytes = to.blobs.at(now.layers()[0].digest.str());
  CHECK(static_cast<std::int64_t>(bytes.size()) == now.layers()[0].size);
  const auto plain = decompress(memory_stream(bytes), Compression::gzip);
  CHECK(read_stream(*plain, 1 << 26, "layer") == layer);
}

TEST_CASE_FIXTURE(Fixture, "what was compressed once is found again through the cache") {
  testing::TempFolder folder;
  cache::BlobInfoCache cache(folder.str("cache.sqlite"), config::Environment{});
  request.cache = &cache;
  from.manifests[""] = image(kPlain, {layer});
  to.compression = LayerCompression::compress;
  const Digest first = copy().digest;
  const int puts = to.puts;
  const CopyReport again = copy();
  CHECK(to.puts == puts);
  CHECK(again.digest == first);
  to.blobs.clear();
  CHECK(copy().digest == first);
  CHECK(to.puts == 2 * puts);
}

TEST_CASE_FIXTURE(Fixture, "an index is copied whole, or one image of it") {
  std::string entries;
  for (const std::string architecture : {"amd64", "arm64", "s390x"}) {
    const std::string manifest = image(kPlain, {layer, architecture}, architecture);
    from.manifests[digest_of(manifest).str()] = manifest;
    entries +=
        (entries.empty() ? "" : ",") +
        std::string(R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")") +
        digest_of(manifest).str() + R"(","size":)" + std::to_string(manifest.size()) +
        R"(,"platform":{"os":"linux","architecture":")" + architecture + R"("}})";
  }
  from.manifests[""] = R"({"schemaVersion":2,"manifests":[)" + entries + "]}";
  SUBCASE("whole") {
    request.all = true;
    CHECK_FALSE(copy().manifest_changed);
    CHECK(to.manifests == from.manifests);
    CHECK(to.puts == 7);
  }
  SUBCASE("whole, with layers that change") {
    request.all = true;
    to.compression = LayerCompression::compress;
    CHECK(copy().manifest_changed);
    const Manifest index = Manifest::parse({"", to.manifests[""]});
    for (const Descriptor& entry : index.instances())
      CHECK(to.manifests.contains(entry.digest.str()));
  }
  SUBCASE("one") {
    request.platform = Platform::parse("linux/s390x");
    copy();
    CHECK(Manifest::parse({"", to.manifests[""]}).layers().size() == 2);
    CHECK(to.manifests.size() == 1);
  }
  SUBCASE("one that is not there") {
    request.platform = Platform::parse("linux/mips");
    CHECK(failing_side() == Side::source);
    CHECK_FALSE(to.opened);
  }
}

TEST_CASE_FIXTURE(Fixture, "wrong bytes never arrive, and the source is blamed") {
  from.manifests[""] = image(kPlain, {layer, "small"});
  const std::string big = digest_of(layer).str();
  SUBCASE("cut off") { from.cut = big; }
  SUBCASE("altered") { from.blobs[big][7] = '!'; }
  SUBCASE("missing") { from.blobs.erase(big); }
  SUBCASE("altered config") {
    for (auto& [digest, bytes] : from.blobs) {
      if (bytes[0] == '{') bytes[3] = '!';
    }
  }
  CHECK(failing_side() == Side::source);
  CHECK(to.commits == 0);
  CHECK_FALSE(to.blobs.contains(big));
  CHECK(to.manifests.empty());
  if (to.opened) CHECK(to.aborts == 1);
}

TEST_CASE_FIXTURE(Fixture, "failures that may pass are tried again") {
  from.manifests[""] = image(kPlain, {layer});
  from.fail_reads = 2;
  SUBCASE("often enough") {
    unsigned retries = 0;
    for (const BlobReport& blob : copy().blobs) retries += blob.retries;
    CHECK(retries == 2);
    // The layer and the config, each once, whatever happens to the source.
    CHECK(to.asked == 2);
  }
  SUBCASE("not often enough") {
    request.retry.count = 1;
    CHECK(failing_side() == Side::source);
  }
}

TEST_CASE_FIXTURE(Fixture, "a rejected manifest is offered in the next form") {
  from.manifests[""] = image(kPlain + "+gzip", {layer});
  to.types = {std::string(media_type::kOciManifest), std::string(media_type::kDockerManifest)};
  to.rejected_type = media_type::kOciManifest;
  const CopyReport report = copy();
  CHECK(report.media_type == media_type::kDockerManifest);
  CHECK(report.manifest_changed);
  to.types = {std::string(media_type::kOciManifest)};
  CHECK(failing_side() == Side::destination);
}

TEST_CASE_FIXTURE(Fixture, "options that nobody reads are refused before anything is opened") {
  from.manifests[""] = image(kPlain, {layer});
  request.options = {{"memory.mode", "x"}};
  CHECK_NOTHROW(copy());
  to.opened = false;
  request.options = {{"docker.cert-dir", "x"}};
  CHECK(failing_side() == Side::request);
  CHECK_FALSE(to.opened);
}

TEST_CASE_FIXTURE(Fixture, "an option of one side is refused where that side does not know it") {
  from.manifests[""] = image(kPlain, {layer});
  request.source_options = {{"memory.mode", "x"}};
  CHECK_NOTHROW(copy());
  request.source_options.clear();
  request.destination_options = {{"docker.mount-from", "x"}};
  CHECK(failing_side() == Side::request);
  request.destination_options.clear();
  request.source_credentials = [](const std::string&) { return std::nullopt; };
  CHECK(failing_side() == Side::request);
}

TEST_CASE_FIXTURE(Fixture, "an image that is not at the source may be elsewhere") {
  all["third"].manifests[""] = image(kPlain, {layer});
  all["third"].blobs = from.blobs;
  from.blobs.clear();
  request.source_elsewhere = [] {
    return std::vector<Location>{{"memory", "second"}, {"memory", "third"}, {"memory", "fourth"}};
  };
  CHECK(copy().source.details == "third");
  CHECK(to.manifests == all["third"].manifests);
  all["third"].manifests.clear();
  CHECK(failing_side() == Side::source);
  request.source_elsewhere = []() -> std::vector<Location> {
    throw Error(Status::not_found, "a short name that means nothing");
  };
  try {
    copy();
    FAIL("no error");
  } catch (const CopyError& e) {
    CHECK(e.status() == Status::not_found);
    CHECK(e.message().find("no such manifest") != std::string::npos);
    CHECK(e.message().find("means nothing") != std::string::npos);
  }
  from.manifests[""] = image(kPlain, {layer});
  CHECK(copy().source.details == "from");
}

TEST_CASE_FIXTURE(Fixture, "what the policy forbids is not even opened") {
  from.manifests[""] = image(kPlain, {layer});
  request.check_policy = [](const Reference& source) {
    throw Error(Status::denied, source.canonical() + " is not allowed");
  };
  CHECK(failing_side() == Side::policy);
  CHECK_FALSE(to.opened);
}

TEST_CASE_FIXTURE(Fixture, "a cancelled copy ends as cancelled and commits nothing") {
  from.manifests[""] = image(kPlain, {layer});
  cancel.cancel();
  try {
    copy();
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(e.status() == Status::cancelled);
  }
  CHECK(to.commits == 0);
}
