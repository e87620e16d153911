#include "source.hpp"

#include <doctest/doctest.h>

#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

http::Headers header(const char* name, const std::string& value) {
  http::Headers headers;
  headers.add(name, value);
  return headers;
}

}  // namespace

TEST_CASE("a manifest is read by tag and by digest, with the type that the registry says") {
  PlainHost host;
  FakeRegistry registry;
  const Digest digest = registry.add_manifest("team/app", "1", kImage);
  const Item by_tag = source(host, registry.name("team/app:1"))->read_manifest(std::nullopt);
  CHECK(by_tag.label == kImage.label);
  CHECK(by_tag.data == kImage.data);
  const auto by_digest = source(host, registry.name("team/app@" + digest.str()));
  CHECK(by_digest->read_manifest(std::nullopt).data == kImage.data);
  CHECK(by_digest->read_manifest(digest).data == kImage.data);
}

TEST_CASE("a registry that does not say the type leaves it to the text") {
  PlainHost host;
  FakeRegistry registry;
  const char* types[] = {"text/plain; charset=utf-8", "application/json",
                         "application/octet-stream"};
  for (const char* type : types) {
    registry.add_manifest("app", "1", {type, kImage.data});
    CHECK(source(host, registry.name("app:1"))->read_manifest(std::nullopt).label == kImage.label);
  }
  registry.add_manifest("app", "1", {"text/plain", R"({"schemaVersion":2,"manifests":[]})"});
  CHECK(source(host, registry.name("app:1"))->read_manifest(std::nullopt).label ==
        "application/vnd.oci.image.index.v1+json");
}

TEST_CASE("a manifest that is missing, too large or not what was asked for is refused") {
  PlainHost host;
  FakeRegistry registry;
  const auto from = source(host, registry.name("app:1"));
  const auto read = [&] { from->read_manifest(std::nullopt); };
  CHECK(status_of(read) == Status::not_found);
  registry.add_manifest("app", "1", {kImage.label, std::string(5 << 20, ' ')});
  CHECK(status_of(read) == Status::invalid);
  registry.before = [](Served& request) {
    if (request.path() == "/v2/") return false;
    request.reply(200, header("Docker-Content-Digest", digest_of("x").str()), "y");
    return true;
  };
  CHECK(status_of(read) == Status::corrupt);
  CHECK(status_of([&] { from->read_manifest(digest_of("x")); }) == Status::corrupt);
}

TEST_CASE("a blob is read whole and in parts") {
  PlainHost host;
  FakeRegistry registry;
  const std::string bytes = much(3'000'000);
  registry.add_blob("app", bytes);
  const auto from = source(host, registry.name("app:1"));
  CHECK(get(*from, bytes) == bytes);
  const auto part = from->open_blob(blob_of(bytes), 1000, 500);
  CHECK(part->size() == 500);
  CHECK(read_stream(*part, 1000, "part") == bytes.substr(1000, 500));
  const auto rest = from->open_blob(blob_of(bytes), 2'999'000, -1);
  CHECK(read_stream(*rest, 1 << 20, "rest") == bytes.substr(2'999'000));
  CHECK(registry.server().connections() < 5);
}

TEST_CASE("a registry that ignores Range cannot give parts") {
  PlainHost host;
  FakeRegistry registry;
  registry.before = [](Served& request) {
    if (request.path() == "/v2/") return false;
    request.reply(200, {}, "all of it");
    return true;
  };
  const auto from = source(host, registry.name("app:1"));
  CHECK(status_of([&] { from->open_blob(blob_of("all of it"), 3, -1); }) == Status::unsupported);
}

TEST_CASE("a missing blob is not found, or comes from where its urls say, without credentials") {
  PlainHost host;
  host.credentials = sdk::Credentials{"u", "p", "", ""};
  FakeRegistry registry, elsewhere;
  registry.basic = kBasic;
  elsewhere.add_blob("outside", "foreign");
  const auto from = source(host, registry.name("app:1"));
  Blob blob = blob_of("foreign");
  CHECK(status_of([&] { from->open_blob(blob, 0, -1); }) == Status::not_found);
  blob.urls = {"http://" + elsewhere.address() + "/v2/outside/blobs/" + blob.digest->str()};
  CHECK(read_stream(*from->open_blob(blob, 0, -1), 100, "blob") == "foreign");
  CHECK(elsewhere.log().back().authorization.empty());
}

TEST_CASE("a blob behind a redirect is fetched without the password of the registry") {
  PlainHost host;
  host.credentials = sdk::Credentials{"u", "p", "", ""};
  FakeRegistry registry, storage;
  registry.basic = kBasic;
  const Digest digest = storage.add_blob("x", "stored");
  registry.before = [&](Served& request) {
    if (request.path().find("/blobs/") == std::string::npos) return false;
    const std::string target = "/v2/x/blobs/" + digest.str() + "?sig=secret";
    request.reply(307, header("Location", "http://" + storage.address() + target));
    return true;
  };
  CHECK(get(*source(host, registry.name("app:1")), "stored") == "stored");
  CHECK(storage.log().back().authorization.empty());
  CHECK(storage.log().back().target.ends_with("?sig=secret"));
  for (const std::string& line : host.logs) CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE("a circle of redirects ends") {
  PlainHost host;
  FakeRegistry registry;
  registry.before = [&](Served& request) {
    if (request.path() == "/v2/") return false;
    request.reply(302, header("Location", request.target));
    return true;
  };
  CHECK(status_of([&] { source(host, registry.name("app:1"))->read_manifest(std::nullopt); }) ==
        Status::unavailable);
  CHECK(registry.count("GET", "/manifests/") == 11);
}

TEST_CASE("a blob of another size than said is corrupt before its first byte") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_blob("app", "four");
  Blob blob = blob_of("four");
  blob.size = 5;
  const auto from = source(host, registry.name("app:1"));
  CHECK(status_of([&] { from->open_blob(blob, 0, -1); }) == Status::corrupt);
}

TEST_CASE("tags are listed over all pages, without what is no tag") {
  PlainHost host;
  FakeRegistry registry;
  registry.tag_page = 2;
  for (const char* tag : {"1", "2", "3", "latest", "v1.0"})
    registry.add_manifest("app", tag, kImage);
  const auto reference = docker::Reference::parse(registry.name("app"));
  CHECK(reference->list_tags(host.host()) ==
        std::vector<std::string>{"1", "2", "3", "latest", "v1.0"});
  CHECK(registry.count("GET", "/tags/list") == 3);
  registry.before = [&](Served& request) {
    if (request.path() == "/v2/") return false;
    request.reply(200, {}, R"({"tags":["ok",null,"",")" + digest_of("x").str() + R"("]})");
    return true;
  };
  CHECK(reference->list_tags(host.host()) == std::vector<std::string>{"ok"});
  registry.before = [&](Served& request) {
    if (request.path() == "/v2/") return false;
    request.reply(200, {}, R"({"tags":null})");
    return true;
  };
  CHECK(reference->list_tags(host.host()).empty());
}

TEST_CASE("pages of tags that go in a circle are an error") {
  PlainHost host;
  FakeRegistry registry;
  registry.before = [&](Served& request) {
    if (request.path() == "/v2/") return false;
    request.reply(200, header("Link", "</v2/app/tags/list?last=a>; rel=\"next\""),
                  R"({"tags":["a"]})");
    return true;
  };
  CHECK(status_of([&] {
          docker::Reference::parse(registry.name("app"))->list_tags(host.host());
        }) == Status::corrupt);
}
