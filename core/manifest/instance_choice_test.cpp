#include "core/manifest/instance_choice.hpp"

#include <doctest/doctest.h>

using namespace sealos;

namespace {

std::string digest_named(char name) { return "sha256:" + std::string(64, name); }

InstanceEntry entry(char name, const std::string& platform, const std::string& key = "",
                    const std::string& value = "") {
  InstanceEntry out{Descriptor::parse(Json::parse(
                        R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                        digest_named(name) + R"(","size":1})")),
                    std::nullopt};
  if (!platform.empty()) out.platform = Platform::parse(platform);
  if (!key.empty()) out.entry.annotations = {{key, value}};
  return out;
}

std::vector<Platform> platforms(const std::vector<std::string>& names) {
  std::vector<Platform> out;
  for (const std::string& name : names) out.push_back(Platform::parse(name));
  return out;
}

InstanceEntry attestation(char name, char of) {
  InstanceEntry out =
      entry(name, "unknown/unknown", "vnd.docker.reference.type", "attestation-manifest");
  out.entry.annotations.emplace_back("vnd.docker.reference.digest", digest_named(of));
  return out;
}

constexpr const char* kZstd = "io.github.containers.compression.zstd";

}  // namespace

TEST_CASE("the image that serves a platform best is chosen, zstd before gzip") {
  const std::vector<InstanceEntry> all = {
      entry('0', "linux/arm/v6"), entry('1', "linux/arm/v7"),
      entry('2', "linux/amd64"),  entry('3', "linux/amd64", kZstd, "true"),
      attestation('4', '3'),      entry('5', "linux/arm64")};
  CHECK(choose_one(all, Platform::parse("linux/arm/v7")) == 1);
  CHECK(choose_one(all, Platform::parse("linux/arm/v8")) == 1);
  CHECK(choose_one(all, Platform::parse("linux/arm/v6")) == 0);
  CHECK_FALSE(choose_one(all, Platform::parse("linux/arm/v5")));
  CHECK(choose_one(all, Platform::parse("linux/amd64")) == 3);
  CHECK(choose_one(all, Platform::parse("linux/arm64/v8")) == 5);
  CHECK_FALSE(choose_one(all, Platform::parse("linux/s390x")));
  CHECK_FALSE(choose_one(all, Platform::parse("windows/amd64")));
}

TEST_CASE("an image without a platform serves where no other does") {
  const std::vector<InstanceEntry> all = {entry('0', ""), entry('1', "linux/amd64")};
  CHECK(choose_one(all, Platform::parse("linux/amd64")) == 1);
  CHECK(choose_one(all, Platform::parse("linux/s390x")) == 0);
  CHECK_THROWS_AS(choose_several(all, platforms({"linux/s390x"})), Error);
}

TEST_CASE("several platforms take all that serves them best, with what describes it") {
  const std::vector<InstanceEntry> all = {
      entry('0', "linux/arm/v6"), entry('1', "linux/arm/v7"),
      entry('2', "linux/amd64"),  entry('3', "linux/amd64", kZstd, "true"),
      attestation('4', '3'),      attestation('5', '1'),
      entry('6', "linux/s390x")};
  using Positions = std::vector<size_t>;
  CHECK(choose_several(all, platforms({"linux/amd64"})) == Positions{2, 3, 4});
  CHECK(choose_several(all, platforms({"linux/s390x", "linux/arm"})) == Positions{1, 5, 6});
  CHECK(choose_several(all, platforms({"linux/arm/v6", "linux/arm/v6"})) == Positions{0});
  CHECK_THROWS_WITH_AS(
      choose_several(all, platforms({"linux/amd64", "linux/mips"})),
      "no image for linux/mips in the index, which has: linux/amd64, linux/arm/v6, linux/arm/v7, "
      "linux/s390x",
      Error);
}

TEST_CASE("an index inside another is looked into unless it is for another platform") {
  CHECK(may_serve(std::nullopt, platforms({"linux/amd64"})));
  CHECK(may_serve(Platform::parse("linux/amd64"), platforms({"linux/arm", "linux/amd64"})));
  CHECK_FALSE(may_serve(Platform::parse("linux/s390x"), platforms({"linux/arm"})));
}
