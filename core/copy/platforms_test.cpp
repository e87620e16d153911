// Several platforms of an index, sparse ones, and indexes in indexes.
#include "core/copy/memory_fixture.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

struct Platforms : Fixture {
  std::vector<std::string> entries;

  /// Puts an image for each platform, with a layer that all share, into the source's index.
  void put_index(const std::vector<std::string>& platforms) {
    for (const std::string& name : platforms)
      entries.push_back(
          entry(image(kPlain, {layer, name}, Platform::parse(name).architecture), name));
    from.manifests[""] = index(entries);
  }
  void want(const std::vector<std::string>& platforms) {
    request.platforms.clear();
    for (const std::string& name : platforms) request.platforms.push_back(Platform::parse(name));
  }
  Manifest top() { return Manifest::parse({"", to.manifests.at("")}); }
  std::vector<std::string> stored_platforms() {
    std::vector<std::string> names;
    const Manifest index = top();
    for (const Descriptor& entry : index.instances()) {
      CHECK(to.manifests.contains(entry.digest.str()));
      names.push_back(entry.platform->str());
    }
    return names;
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Platforms, "several platforms are copied as an index without the others") {
  put_index({"linux/amd64", "linux/arm/v7", "linux/s390x"});
  want({"linux/s390x", "linux/arm/v8"});
  const CopyReport report = copy();
  CHECK(stored_platforms() == Names{"linux/arm/v7", "linux/s390x"});
  CHECK(to.manifests.size() == 3);
  CHECK(to.puts == 5);  // the shared layer once
  CHECK(report.manifest_changed);
  const ManifestReport& index = report.details.manifests.back();
  CHECK(index.top);
  CHECK(index.reasons == Names{"1 of 3 entries are left out, for other platforms"});
  CHECK(index.stored == report.digest);
}

TEST_CASE_FIXTURE(Platforms, "an index of which nothing is left out stays byte for byte") {
  put_index({"linux/amd64", "linux/arm64"});
  want({"linux/arm64", "linux/amd64"});
  CHECK_FALSE(copy().manifest_changed);
  CHECK(to.manifests == from.manifests);
}

TEST_CASE_FIXTURE(Platforms, "a sparse copy keeps the index and leaves out images") {
  put_index({"linux/amd64", "linux/arm64", "linux/s390x"});
  request.sparse = true;
  want({"linux/arm64"});
  SUBCASE("as it is") {
    const CopyReport report = copy();
    CHECK_FALSE(report.manifest_changed);
    CHECK(to.manifests.at("") == from.manifests.at(""));
    CHECK(to.manifests.size() == 2);
    CHECK(to.puts == 3);
  }
  SUBCASE("also where layers would otherwise be compressed") {
    to.compression = LayerCompression::compress;
    CHECK_FALSE(copy().manifest_changed);
  }
  SUBCASE("or not at all") {
    to.types = {std::string(media_type::kDockerList), std::string(media_type::kDockerManifest)};
    CHECK(failing_side() == Side::request);
    CHECK(to.puts == 0);
  }
}

TEST_CASE_FIXTURE(Platforms, "a destination without indexes is refused before the source is read") {
  to.types = {std::string(media_type::kOciManifest)};
  want({"linux/amd64", "linux/arm64"});
  CHECK(failing_side() == Side::request);  // the source does not even exist
}

TEST_CASE_FIXTURE(Platforms, "one image is no index") {
  from.manifests[""] = image(kPlain, {layer}, "arm64");
  SUBCASE("of which several could be chosen") {
    want({"linux/amd64", "linux/arm64"});
    CHECK(failing_side() == Side::source);
  }
  SUBCASE("that could be sparse") {
    request.sparse = true;
    CHECK(failing_side() == Side::source);
  }
  SUBCASE("and has to be for the platform that was asked for") {
    want({"linux/amd64"});
    CHECK(failing_side() == Side::source);
    want({"linux/arm64"});
    CHECK_NOTHROW(copy());
  }
  SUBCASE("and is all there is") {
    request.all = true;
    CHECK_NOTHROW(copy());
  }
}

TEST_CASE_FIXTURE(Platforms, "indexes in indexes") {
  const std::string amd64 = entry(image(kPlain, {layer, "amd"}, "amd64"), "linux/amd64");
  const std::string arm64 = entry(image(kPlain, {layer, "arm"}, "arm64"), "linux/arm64");
  const std::string s390x = entry(image(kPlain, {layer, "s39"}, "s390x"), "linux/s390x");
  const std::string inner = index({arm64, s390x});
  const std::string other = entry(index({s390x}), "linux/s390x");
  from.manifests[""] = index({amd64, entry(inner, ""), other, amd64, entry(inner, "")});
  SUBCASE("are copied whole, each part once") {
    request.all = true;
    CHECK_FALSE(copy().manifest_changed);
    CHECK(to.manifests == from.manifests);
    CHECK(to.puts == 7);
  }
  SUBCASE("are looked into for one platform") {
    want({"linux/arm64"});
    copy();
    CHECK(to.manifests.size() == 1);
    CHECK(top().layers().size() == 2);
  }
  SUBCASE("lose what is not wanted, at every level") {
    want({"linux/amd64", "linux/arm64"});
    copy();
    CHECK(top().instances().size() == 4);
    const Manifest changed =
        Manifest::parse({"", to.manifests.at(top().instances()[1].digest.str())});
    REQUIRE(changed.instances().size() == 1);
    CHECK(changed.instances()[0].platform->str() == "linux/arm64");
    CHECK(to.manifests.size() == 4);
  }
  SUBCASE("change with their images") {
    request.all = true;
    to.compression = LayerCompression::compress;
    CHECK(copy().manifest_changed);
    const Manifest now = top();
    for (const Descriptor& entry : now.instances())
      CHECK(to.manifests.contains(entry.digest.str()));
  }
  SUBCASE("not without end") {
    std::string deep = inner;
    for (int i = 0; i < 4; ++i) deep = index({entry(deep, "")});
    from.manifests[""] = deep;
    CHECK(failing_side() == Side::source);
  }
}

TEST_CASE_FIXTURE(Platforms, "an attestation goes with its image, and follows it") {
  const std::string manifest = image(kPlain, {layer}, "arm64");
  const std::string arm64 = entry(manifest, "linux/arm64");
  const std::string attestation =
      entry(image(kPlain, {"statement"}, "unknown"), "unknown/unknown",
            R"(,"annotations":{"vnd.docker.reference.type":"attestation-manifest",)"
            R"("vnd.docker.reference.digest":")" +
                digest_of(manifest).str() + "\"}");
  from.manifests[""] = index({arm64, attestation, entry(image(kPlain, {"x"}), "linux/amd64")});
  to.compression = LayerCompression::compress;
  want({"linux/arm64", "linux/arm64/v8"});
  copy();
  REQUIRE(top().instances().size() == 2);
  const Descriptor& image = top().instances()[0];
  CHECK(image.digest != digest_of(manifest));
  CHECK(top().instances()[1].annotations.back().second == image.digest.str());
}

TEST_CASE_FIXTURE(Platforms, "an index that says something else of an image than it is") {
  std::string bad = entry(image(kPlain, {layer}), "linux/amd64");
  bad.replace(bad.find("manifest.v1+json"), 16, "index.v1+json");
  from.manifests[""] = index({bad});
  request.all = true;
  CHECK(failing_side() == Side::source);
}
