#include <doctest/doctest.h>

#include <mutex>
#include <utility>

#include "daemon_address.hpp"
#include "daemon_destination.hpp"
#include "daemon_name.hpp"
#include "daemon_source.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/http/testing/http_server.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/tar/tar_file.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::docker_daemon;
using docker_archive::ImageSource;
using sealos::testing::FakeHost;
using sealos::testing::HttpServer;
using sealos::testing::Served;
using sealos::testing::TempFolder;

namespace {

/// As much of a daemon as images need. What is loaded is kept as it came.
struct FakeDaemon {
  std::string api = "1.41", archive, id, answer = R"({"stream":"Loaded image: foo:1\n"})";
  std::string info;
  bool dies_in_load = false;
  std::mutex mutex;
  std::vector<std::string> loads;  // complete ones
  std::vector<std::string> paths;
  HttpServer server{[this](Served& served) { serve(served); }};

  void serve(Served& served) {
    const std::string path = served.path();
    {
      const std::lock_guard lock(mutex);
      paths.push_back(served.method + " " + path);
    }
    if (path == "/_ping") {
      http::Headers fields;
      fields.add("Api-Version", api);
      fields.add("Ostype", "linux");
      served.reply(200, fields, "OK");
    } else if (path.ends_with("/version")) {
      served.reply(200, {}, R"({"Os":"linux","Arch":"amd64"})");
    } else if (path.ends_with("/info") && !info.empty()) {
      served.reply(200, {}, info);
    } else if (path.ends_with("/json")) {
      if (id.empty()) return served.reply(404, {}, R"({"message":"No such image"})");
      served.reply(200, {}, R"({"Id":")" + id + R"(","Size":5})");
    } else if (path.ends_with("/images/get")) {
      served.reply(200, {}, archive);
    } else if (path.ends_with("/images/load")) {
      if (dies_in_load) {
        served.read_body(1000);
        return served.reset();
      }
      const std::string body = served.read_body();
      if (served.body_complete()) {
        const std::lock_guard lock(mutex);
        loads.push_back(body);
      }
      served.reply(200, {}, answer);
    } else {
      served.reply(404, {}, R"({"message":"page not found"})");
    }
  }

  std::unique_ptr<DaemonClient> client(FakeHost& host) {
    host.options["docker-daemon.host"] = "tcp://" + server.address();
    const auto none = [](const char*) { return std::optional<std::string>(); };
    return std::make_unique<DaemonClient>(host.host(), DaemonAddress::find(host.host(), none),
                                          none);
  }
};

struct StringSink final : TarSink {
  std::string text;
  void write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
};

std::string tar_of(const std::vector<std::pair<std::string, std::string>>& members) {
  StringSink sink;
  TarWriter tar(sink, 0, 0444);
  for (const auto& [name, text] : members) tar.add(name, text);
  tar.finish();
  return sink.text;
}

const std::string kLayer = tar_of({{"hello", "world"}});
const std::string kConfig = R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers",)"
                            R"("diff_ids":[")" +
                            digest_of(kLayer).str() + R"("]}})";

std::string manifest_of(const std::string& layer) {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)"
         R"({"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
         digest_of(kConfig).str() + R"(","size":)" + std::to_string(kConfig.size()) +
         R"(},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" +
         digest_of(layer).str() + R"(","size":)" + std::to_string(layer.size()) + "}]}";
}

Blob blob_of(const std::string& bytes, bool config = false) {
  Blob blob;
  blob.digest = digest_of(bytes);
  blob.size = static_cast<std::int64_t>(bytes.size());
  if (config) blob.flags = SEALOS_BLOB_CONFIG;
  return blob;
}

std::string compressed(Compression kind) {
  return read_stream(*compress(memory_stream(kLayer), kind), 1 << 20, "layer");
}

void put_image(Destination& destination, const std::string& layer) {
  destination.put_blob(blob_of(layer), *memory_stream(layer));
  destination.put_blob(blob_of(kConfig, true), *memory_stream(kConfig));
  destination.put_manifest({}, {"application/vnd.oci.image.manifest.v1+json", manifest_of(layer)});
}

std::shared_ptr<const TarFile> saved(const std::string& archive) {
  return TarFile::receive(memory_stream(archive), "test", {});
}

}  // namespace

TEST_CASE("names are a name with a tag or a digest, or an id") {
  const std::string hex(64, 'a');
  CHECK(DaemonName::parse("foo:1").canonical() == "foo:1");
  CHECK(DaemonName::parse("docker.io/library/foo:1").canonical() == "foo:1");
  CHECK(DaemonName::parse("docker.io/a/foo:1").canonical() == "a/foo:1");
  CHECK(DaemonName::parse("localhost:5000/x/y:3").canonical() == "localhost:5000/x/y:3");
  CHECK(DaemonName::parse("foo@sha256:" + hex).canonical() == "foo@sha256:" + hex);
  CHECK(DaemonName::parse("sha256:" + hex).id.has_value());
  const std::string bad[] = {"",
                             "foo",
                             "FOO:1",
                             "sha256:abc",
                             "sha256:latest",
                             "sha512:" + hex + hex,
                             hex,
                             "foo:1@sha256:" + hex};
  for (const std::string& details : bad) {
    CAPTURE(details);
    CHECK_THROWS_AS(DaemonName::parse(details), Error);
  }
}

TEST_CASE("the daemon is where option, DOCKER_HOST or a context say") {
  std::map<std::string, std::string> variables;
  const auto environment = [&](const char* name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    if (at == variables.end()) return std::nullopt;
    return at->second;
  };
  FakeHost host;
  const TempFolder home;
  variables["HOME"] = home.path;
  const auto find = [&] { return DaemonAddress::find(host.host(), environment); };
  CHECK(find().unix_socket == "/var/run/docker.sock");

  const auto hex = std::string(digest_of("far").hex());
  const auto meta = home.path / ".docker/contexts/meta" / hex;
  std::filesystem::create_directories(meta);
  const Fd folder = open_at(AT_FDCWD, meta, O_RDONLY | O_DIRECTORY);
  replace_file(folder.get(), "meta.json",
               R"({"Name":"far","Endpoints":{"docker":{"Host":"tcp://far.example:1234"}}})");
  variables["DOCKER_CONTEXT"] = "far";
  CHECK(find().base == "http://far.example:1234");
  CHECK_FALSE(find().warning.empty());
  variables["DOCKER_CONTEXT"] = "none";
  CHECK_THROWS_AS(find(), Error);

  variables["DOCKER_HOST"] = "tcp://127.0.0.1";
  CHECK(find().base == "http://127.0.0.1:2375");
  CHECK(find().warning.empty());
  variables["DOCKER_TLS_VERIFY"] = "1";
  CHECK(find().base == "https://127.0.0.1:2376");
  variables.erase("DOCKER_TLS_VERIFY");
  host.options["tls-verify"] = "true";
  CHECK(find().base == "https://127.0.0.1:2376");
  host.options["docker-daemon.host"] = "https://h.example/prefix/";
  CHECK(find().base == "https://h.example/prefix");
  host.options["docker-daemon.host"] = "unix:///run/x.sock";
  CHECK(find().unix_socket == "/run/x.sock");
  for (const char* bad : {"ssh://u@h", "unix://", "/run/x.sock", "fd://", "tcp://"}) {
    host.options["docker-daemon.host"] = bad;
    CHECK_THROWS_AS(find(), Error);
  }
}

TEST_CASE("the older version of both is spoken, and a daemon that is too old is refused") {
  FakeHost host;
  FakeDaemon daemon;
  CHECK(daemon.client(host)->version() == 1041);
  daemon.api = "1.99";
  CHECK(daemon.client(host)->version() == 1051);
  daemon.api = "1.23";
  CHECK_THROWS_AS(daemon.client(host), Error);
  CHECK(api_number("1.x") == 0);
  CHECK(api_number("") == 0);
}

TEST_CASE("an image is sent as an archive of docker that is an OCI layout, too") {
  FakeHost host;
  FakeDaemon daemon;
  const std::string layer = compressed(Compression::gzip);
  daemon.id = digest_of(kConfig).str();
  Destination destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"));
  put_image(destination, layer);
  CHECK(daemon.loads.empty());
  destination.commit({});
  REQUIRE(daemon.loads.size() == 1);
  const auto archive = saved(daemon.loads[0]);
  CHECK(archive_text(*archive, "manifest.json") ==
        R"([{"Config":")" + archive_path_of(digest_of(kConfig)) +
            R"(","RepoTags":["docker.io/library/foo:1"],"Layers":[")" +
            archive_path_of(digest_of(layer)) + R"("]}])");
  ImageSource source(host.host(), "test", archive, {});
  CHECK(source.read_manifest({}).data == manifest_of(layer));
  CHECK(read_stream(*source.open_blob(blob_of(layer), 0, -1), 1 << 20, "layer") == layer);
  CHECK(read_stream(*source.open_blob(blob_of(layer), 3, 5), 9, "part") == layer.substr(3, 5));
}

TEST_CASE("a daemon takes an index only where its store keeps one") {
  FakeHost host;
  FakeDaemon daemon;
  const auto types = [&] {
    return Destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"))
        .manifest_types()
        .size();
  };
  CHECK(types() == 2);
  daemon.info = R"({"DriverStatus":[["Backing Filesystem","extfs"]]})";
  CHECK(types() == 2);
  daemon.info = R"({"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]})";
  CHECK(types() == 4);
}

TEST_CASE("layers of unknown size or digest are sent as well") {
  FakeHost host;
  FakeDaemon daemon;
  daemon.id = digest_of(kConfig).str();
  Destination destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"));
  const std::string layer = compressed(Compression::gzip);
  const Blob put = destination.put_blob(Blob(), *memory_stream(layer));
  CHECK(put.digest == digest_of(layer));
  CHECK(put.size == static_cast<std::int64_t>(layer.size()));
  put_image(destination, layer);
  destination.commit({});
  CHECK(saved(daemon.loads.at(0))->index().find(archive_path_of(*put.digest)) != nullptr);
}

TEST_CASE("what a daemon does not unpack is unpacked for it") {
  FakeHost host;
  FakeDaemon daemon;
  daemon.id = digest_of(kConfig).str();
  const std::string layer = compressed(Compression::zstd);
  for (const bool old : {true, false}) {
    daemon.api = old ? "1.41" : "1.43";
    Destination destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"));
    put_image(destination, layer);
    destination.commit({});
    const auto archive = saved(daemon.loads.back());
    CHECK((archive->index().find("index.json") == nullptr) == old);
    ImageSource source(host.host(), "test", archive, {});
    Blob found = blob_of(old ? kLayer : layer);
    CHECK(read_stream(*source.open_blob(found, 0, -1), 1 << 20, "layer") == (old ? kLayer : layer));
  }
}

TEST_CASE("an image that was not committed is none, and leaves no complete load") {
  FakeHost host;
  FakeDaemon daemon;
  const std::string layer = compressed(Compression::gzip);
  {
    Destination destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"));
    put_image(destination, layer);
    destination.abort();
    CHECK_THROWS_AS(destination.put_blob(blob_of("x"), *memory_stream("x")), Error);
  }
  {
    Destination destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"));
    CHECK_THROWS_AS(destination.put_blob(blob_of(layer), *memory_stream("short")), Error);
    destination.put_blob(blob_of("x"), *memory_stream("x"));
  }
  CHECK(daemon.loads.empty());
}

TEST_CASE("a layer whose stream fails can come again in the same load") {
  struct Failing final : Stream {
    bool given = false;
    size_t read(std::span<std::byte> into) override {
      if (std::exchange(given, true)) throw Error(Status::denied, "no more");
      into[0] = std::byte{'w'};
      return 1;
    }
  };
  FakeHost host;
  FakeDaemon daemon;
  daemon.id = digest_of(kConfig).str();
  const std::string layer = compressed(Compression::gzip);
  Destination destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"));
  for (int i = 0; i < 2; ++i) {
    Failing failing;
    CHECK_THROWS_WITH_AS(destination.put_blob(blob_of(layer), failing), "no more", Error);
    CHECK_FALSE(destination.try_reuse({blob_of(layer), {}, {}}));
  }
  put_image(destination, layer);
  destination.commit({});
  const auto tar = saved(daemon.loads.at(0));
  std::string last;
  for (const TarMember& member : tar->index().members()) {
    if (member.name == archive_path_of(digest_of(layer))) last = tar->read(member, 1 << 20);
  }
  CHECK(last == layer);
}

TEST_CASE("a load that fails is an error, whatever way the daemon says it") {
  FakeHost host;
  FakeDaemon daemon;
  const std::string layer = compressed(Compression::gzip);
  const auto load = [&] {
    Destination destination(host.host(), daemon.client(host), DaemonName::parse("foo:1"));
    put_image(destination, layer);
    try {
      destination.commit({});
    } catch (const Error& e) {
      return e.message();
    }
    return std::string();
  };
  daemon.id = digest_of(kConfig).str();
  daemon.answer = R"({"errorDetail":{"message":"no space {left}"},"error":"no space {left}"})";
  CHECK(load().find("no space {left}") != std::string::npos);
  daemon.answer =
      R"({"stream":"Loaded image: foo:1\n"}{"stream":"Error unpacking image foo:1: bad"})";
  CHECK(load().find("Error unpacking") != std::string::npos);
  daemon.answer = "";
  CHECK(load().find("has not said") != std::string::npos);
  daemon.answer = R"({"stream":"Loaded image ID: sha256:123\n"})";
  daemon.id = "sha256:" + std::string(64, 'b');
  CHECK(load().find("another image") != std::string::npos);
  daemon.id = "";
  CHECK(load().find("does not have it") != std::string::npos);
  daemon.dies_in_load = true;
  CHECK_FALSE(load().empty());
}

TEST_CASE("an archive with manifest.json alone is read with a manifest that is made up") {
  FakeHost host;
  FakeDaemon daemon;
  daemon.id = digest_of(kConfig).str();
  daemon.archive =
      tar_of({{"c.json", kConfig},
              {"l/layer.tar", kLayer},
              {"manifest.json",
               R"([{"Config":"c.json","RepoTags":["foo:1"],"Layers":["l/layer.tar"]}])"}});
  const auto client = daemon.client(host);
  const auto source = open_image(host.host(), *client, DaemonName::parse("foo:1"));
  const Item manifest = source->read_manifest({});
  CHECK(manifest.label == "application/vnd.docker.distribution.manifest.v2+json");
  CHECK(Json::parse(manifest.data).at("layers").items("layers")[0].text_at("digest") ==
        digest_of(kLayer).str());
  CHECK(read_stream(*source->open_blob(blob_of(kLayer), 0, -1), 1 << 20, "") == kLayer);
  CHECK(read_stream(*source->open_blob(blob_of(kConfig, true), 0, -1), 1 << 20, "") == kConfig);
  CHECK_THROWS_AS(source->open_blob(blob_of("other"), 0, -1), Error);
}

TEST_CASE("an image that is not there and an archive that is cut off are clear errors") {
  FakeHost host;
  FakeDaemon daemon;
  const auto open = [&] {
    const auto client = daemon.client(host);
    try {
      open_image(host.host(), *client, DaemonName::parse("foo:1"));
    } catch (const Error& e) {
      return std::pair(e.status(), e.message());
    }
    return std::pair(Status::ok, std::string());
  };
  CHECK(open().first == Status::not_found);
  daemon.id = "sha256:1";
  daemon.archive = kLayer.substr(0, 514);
  CHECK(open().first == Status::corrupt);
  daemon.archive = kLayer.substr(0, 512) + R"({"errorDetail":{"message":"disk on fire"}})";
  CHECK(open().second.find("disk on fire") != std::string::npos);
  daemon.archive = tar_of({{"manifest.json", R"([{"Config":"c","Layers":[]}])"}});
  CHECK(open().second.find("is not in the archive") != std::string::npos);
  daemon.archive = tar_of({{"manifest.json", "{"}});
  CHECK(open().first == Status::invalid);
}
