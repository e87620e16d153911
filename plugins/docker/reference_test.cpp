#include "reference.hpp"

#include <doctest/doctest.h>

#include "destination.hpp"
#include "source.hpp"
#include "support/testing/fake_host.hpp"

using sealos::Error;
using sealos::docker::Reference;

namespace {
const std::string kDigest = "sha256:" + std::string(64, 'a');
}

TEST_CASE("a name is made explicit, and the canonical form parses to itself") {
  const auto busybox = Reference::parse("//busybox");
  CHECK(busybox->canonical() == "//docker.io/library/busybox:latest");
  CHECK(Reference::parse(busybox->canonical())->canonical() == busybox->canonical());
  CHECK(*busybox->docker_name() == "docker.io/library/busybox:latest");
  CHECK(*busybox->cache_scope() == "docker.io");
  const auto local = Reference::parse("//127.0.0.1:5000/team/app@" + kDigest);
  CHECK(local->canonical() == "//127.0.0.1:5000/team/app@" + kDigest);
  CHECK(*local->cache_scope() == "127.0.0.1:5000");
}

TEST_CASE("a policy is looked for in wider and wider names") {
  const auto app = Reference::parse("//reg.example.com/team/app:1");
  CHECK(app->policy_identity() == "reg.example.com/team/app:1");
  CHECK(app->policy_namespaces() ==
        std::vector<std::string>{"reg.example.com/team/app", "reg.example.com/team",
                                 "reg.example.com", "*.example.com", "*.com"});
}

TEST_CASE("what is no name of an image is refused") {
  CHECK_THROWS_AS(Reference::parse("busybox"), Error);
  CHECK_THROWS_AS(Reference::parse("//"), Error);
  CHECK_THROWS_AS(Reference::parse("//reg/../../etc:1"), Error);
  CHECK_THROWS_AS(Reference::parse("//reg.example.com/App"), Error);
  CHECK_THROWS_AS(Reference::parse("//app@sha256:12"), Error);
}

TEST_CASE("a destination with both tag and digest is refused, a source reads the digest") {
  sealos::testing::FakeHost host;
  const auto both = Reference::parse("//127.0.0.1:1/app:1@" + kDigest);
  CHECK_THROWS_WITH_AS(both->open_destination(host.host()),
                       doctest::Contains("has a tag and a digest"), Error);
  CHECK_NOTHROW(both->open_source(host.host()));
  CHECK(sealos::docker::manifest_name(both->name()) == kDigest);
  CHECK(both->policy_identity() == "127.0.0.1:1/app@" + kDigest);
}
