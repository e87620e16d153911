#include "referrers.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "manifests.hpp"
#include "support/json/json.hpp"
#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

const Digest kSubject = digest_of(kImage.data);

Item artifact(const std::string& type, const std::string& note) {
  return {docker::kOciManifest, R"({"schemaVersion":2,"mediaType":")" +
                                    std::string(docker::kOciManifest) + R"(","artifactType":")" +
                                    type + R"(","config":{"mediaType":"x/empty"},"layers":[],)" +
                                    R"("subject":{"digest":")" + kSubject.str() +
                                    R"("},"annotations":{"note":")" + note + R"("}})"};
}

std::vector<std::string> listed(const FakeHost& host, FakeRegistry& registry,
                                const std::optional<std::string>& type = std::nullopt) {
  std::vector<std::string> digests;
  for (const Referrer& one : source(host, registry.name("app:1"))->list_referrers(kSubject, type))
    digests.push_back(one.digest.str());
  std::sort(digests.begin(), digests.end());
  return digests;
}

std::vector<std::string> digests(std::initializer_list<Item> items) {
  std::vector<std::string> out;
  for (const Item& item : items) out.push_back(digest_of(item.data).str());
  std::sort(out.begin(), out.end());
  return out;
}

const Item kSbom = artifact("application/sbom", "1"), kSignature = artifact("x/signature", "2");

}  // namespace

TEST_CASE("what refers to an image is stored and listed, with the referrers API and without") {
  for (const bool api : {true, false}) {
    PlainHost host;
    FakeRegistry registry;
    registry.referrers_api = api;
    registry.add_manifest("app", "1", kImage);
    CHECK(listed(host, registry).empty());
    const auto to = destination(host, registry.name("app:1"));
    to->put_referrer(kSbom);
    to->put_referrer(kSignature);
    to->put_referrer(kSbom);
    CHECK(listed(host, registry) == digests({kSbom, kSignature}));
    CHECK(listed(host, registry, "application/sbom") == digests({kSbom}));
    CHECK(listed(host, registry, "x/other").empty());
    const bool tagged = registry.manifest("app", docker::referrers_tag(kSubject)).has_value();
    CHECK(tagged == !api);
  }
}

TEST_CASE("what is attached to an image has a tag of its digest, and is not sent twice") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_manifest("app", "1", kImage);
  const auto attached = [&] {
    return source(host, registry.name("app:1"))->list_attached(kSubject);
  };
  CHECK(attached().empty());
  const auto to = destination(host, registry.name("app:1"));
  to->put_attached(kSubject, "sig", kSignature);
  to->put_attached(kSubject, "sig", kSignature);
  REQUIRE(attached().size() == 1);
  CHECK(attached()[0].kind == "sig");
  CHECK(Json::parse(attached()[0].descriptor).text_at("digest") ==
        digest_of(kSignature.data).str());
  CHECK(registry.manifest("app", docker::referrers_tag(kSubject) + ".sig")->data ==
        kSignature.data);
  to->put_attached(kSubject, "sig", kSbom);
  CHECK(Json::parse(attached()[0].descriptor).text_at("digest") == digest_of(kSbom.data).str());
  const auto told = std::any_of(host.logs.begin(), host.logs.end(), [](const std::string& line) {
    return line.find(digest_of(kSignature.data).str()) != std::string::npos;
  });
  CHECK(told);
  CHECK_THROWS_AS(to->put_attached(kSubject, "../x", kSbom), Error);
}

TEST_CASE("an entry of the tagged index describes the manifest, and others' entries stay") {
  PlainHost host;
  FakeRegistry registry;
  const std::string others = R"({"mediaType":"m","digest":")" + digest_of("x").str() + R"("})";
  const std::string tag = docker::referrers_tag(kSubject);
  CHECK(tag == "sha256-" + std::string(kSubject.hex()));
  registry.add_manifest("app", tag,
                        {docker::kOciIndex, R"({"schemaVersion":2,"manifests":[)" + others + "]}"});
  destination(host, registry.name("app:1"))->put_referrer(kSbom);
  const Json index = Json::parse(registry.manifest("app", tag)->data);
  REQUIRE(index.at("manifests").items("").size() == 2);
  CHECK(index.at("manifests").items("")[0].dump() == others);
  const Json& entry = index.at("manifests").items("")[1];
  CHECK(entry.text_at("artifactType") == "application/sbom");
  CHECK(entry.text_at("mediaType") == docker::kOciManifest);
  CHECK(entry.at("size").integer("") == static_cast<std::int64_t>(kSbom.data.size()));
  CHECK(entry.at("annotations").text_at("note") == "1");
}

TEST_CASE("an index that another writer replaces meanwhile gets both entries") {
  PlainHost host;
  FakeRegistry registry;
  const std::string tag = docker::referrers_tag(kSubject);
  std::atomic<int> left = 2;
  registry.judge = [&](const std::string& name, const Item&) -> std::pair<int, std::string> {
    if (name != tag || left-- <= 0) return {0, ""};
    // What was to be written is lost; this came in its place.
    registry.add_manifest("app", tag,
                          {docker::kOciIndex, R"({"schemaVersion":2,"manifests":[{"digest":")" +
                                                  digest_of("x").str() + R"("}]})"});
    return {201, ""};
  };
  destination(host, registry.name("app:1"))->put_referrer(kSbom);
  CHECK(listed(host, registry).size() == 2);
}

TEST_CASE("a destination knows what refers to an image, and is asked for it at the registry") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("app:1"));
  CHECK(to->list_referrers(kSubject, std::nullopt).empty());
  to->put_referrer(kSbom);
  CHECK(to->list_referrers(kSubject, std::nullopt).size() == 1);
  CHECK(to->list_referrers(kSubject, "x/other").empty());
}

TEST_CASE("a tag that has another image than a list of referrers is no list") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_manifest("app", docker::referrers_tag(kSubject), kImage);
  CHECK(listed(host, registry).empty());
}

TEST_CASE("the list of a registry may have pages, and answers that make no sense are errors") {
  PlainHost host;
  FakeRegistry registry;
  registry.referrers_api = true;
  registry.tag_page = 1;
  const auto to = destination(host, registry.name("app:1"));
  for (const char* note : {"1", "2", "3"}) to->put_referrer(artifact("x/y", note));
  CHECK(listed(host, registry).size() == 3);
  CHECK(registry.count("GET", "/referrers/") == 3);
  registry.before = [](Served& request) {
    if (request.path().find("/referrers/") == std::string::npos) return false;
    http::Headers type;
    type.add("Content-Type", docker::kOciIndex);
    request.reply(200, type, R"({"manifests":[{"digest":"sha256:short"}]})");
    return true;
  };
  CHECK(status_of([&] { listed(host, registry); }) == Status::corrupt);
  registry.before = [](Served& request) {
    if (request.path().find("/referrers/") == std::string::npos) return false;
    request.reply(403);
    return true;
  };
  CHECK(status_of([&] { listed(host, registry); }) == Status::denied);
}

TEST_CASE(
    "a manifest without a subject is no referrer; an image that has one is listed when copied") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("app:sbom"));
  CHECK(status_of([&] { to->put_referrer(kImage); }) == Status::invalid);
  to->put_manifest(std::nullopt, kSbom);
  CHECK(listed(host, registry) == digests({kSbom}));
}
