// ending:, a transport with one image, that forgets what is put. $ENDING_AT names a call in which
// its process ends, or does not go on: "put_blob SIGSEGV", "read exit", "commit hang". What hangs
// makes the file $ENDING_MARK first.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "sealos/sdk/plugin.hpp"

namespace {

using sealos::Blob, sealos::Digest, sealos::Item, sealos::Stream;

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
// The digest of "{}", which is config and layer.
constexpr const char* kDigest =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void end(const std::string& how) {
  if (how == "exit") ::_exit(3);
  if (how == "hang") {
    std::ofstream(variable("ENDING_MARK")) << "here";
    while (true) ::pause();
  }
  if (how == "thread") std::thread([] { *static_cast<volatile int*>(nullptr) = 1; }).join();
  if (how == "SIGKILL") ::raise(SIGKILL);
  if (how == "SIGABRT") std::abort();
  *static_cast<volatile int*>(nullptr) = 1;
}

/// To be called where a call begins.
void at(const std::string& call) {
  const std::string wanted = variable("ENDING_AT");
  if (wanted.starts_with(call + " ")) end(wanted.substr(call.size() + 1));
}

class TwoBytes final : public Stream {
 public:
  ~TwoBytes() override { at("release_stream"); }
  size_t read(std::span<std::byte> into) override {
    at("read");
    if (ended_) return 0;
    ended_ = true;
    std::memcpy(into.data(), "{}", 2);
    return 2;
  }

 private:
  bool ended_ = false;
};

struct Source {
  ~Source() { at("release_source"); }
  Item read_manifest(const std::optional<Digest>&) {
    at("read_manifest");
    const std::string part = R"("digest":")" + std::string(kDigest) + R"(","size":2})";
    return {kManifestType,
            R"({"schemaVersion":2,"mediaType":")" + std::string(kManifestType) +
                R"(","config":{"mediaType":"application/vnd.oci.image.config.v1+json",)" + part +
                R"(,"layers":[]})"};
  }
  std::unique_ptr<Stream> open_blob(const Blob&, std::int64_t, std::int64_t) {
    at("open_blob");
    return std::make_unique<TwoBytes>();
  }
  std::vector<Item> read_signatures(const std::optional<Digest>&) {
    at("read_signatures");
    return {};
  }
  std::vector<Blob> layer_infos(const std::optional<Digest>&) {
    at("layer_infos");
    return {};
  }
};

struct Destination {
  explicit Destination(bool looks_only) : preview(looks_only) {}
  ~Destination() { at(preview ? "release_preview" : "release_destination"); }
  std::optional<Blob> try_reuse(const sealos::Reuse&) {
    at("try_reuse");
    return std::nullopt;
  }
  Blob put_blob(const Blob& blob, Stream& from) {
    at("put_blob");
    Blob put = blob;
    std::vector<std::byte> buffer(1 << 16);
    for (put.size = 0; const size_t n = from.read(buffer);)
      put.size += static_cast<std::int64_t>(n);
    at("put_blob_read");
    return put;
  }
  void put_manifest(const std::optional<Digest>&, const Item&) { at("put_manifest"); }
  std::optional<std::string> commit(const Item&) {
    at("commit");
    return std::nullopt;
  }
  void abort() { at("abort"); }

  const bool preview;
};

struct Reference {
  ~Reference() { at("release_reference"); }
  std::string canonical() const { return "x"; }
  std::unique_ptr<Source> open_source(sealos::sdk::Host) const {
    at("open_source");
    return std::make_unique<Source>();
  }
  std::unique_ptr<Destination> open_destination(sealos::sdk::Host) const {
    at("open_destination");
    return std::make_unique<Destination>(false);
  }
  std::unique_ptr<Destination> open_preview(sealos::sdk::Host) const {
    at("open_preview");
    return std::make_unique<Destination>(true);
  }
  std::vector<std::string> list_tags(sealos::sdk::Host) const {
    at("list_tags");
    return {"one", "two"};
  }
  void remove(sealos::sdk::Host, std::uint32_t) const { at("remove"); }
};

struct Transport {
  static constexpr const char* kName = "ending";

  static std::unique_ptr<Reference> parse_reference(sealos::sdk::Host, std::string_view) {
    at("parse_reference");
    return std::make_unique<Reference>();
  }
};

/// While the library is opened.
const bool opened = (at("load"), true);

constexpr sealos_plugin make_plugin() {
  sealos_plugin plugin = sealos::sdk::PluginOf<Transport>::make("ending", "1");
  plugin.start = [](const sealos_host*, sealos_error*) {
    at("start");
    return sealos_status{SEALOS_OK};
  };
  return plugin;
}

}  // namespace

extern "C" SEALOS_EXPORT const sealos_plugin sealos_plugin_v1;
extern "C" constexpr sealos_plugin sealos_plugin_v1 = make_plugin();
