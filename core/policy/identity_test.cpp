#include "core/policy/identity.hpp"

#include <doctest/doctest.h>

using namespace sealos;
using policy::identity_accepts;

namespace {

const std::string kDigest = "@sha256:" + std::string(64, 'a');

bool accepts(const char* rule, const std::string& image, const std::string& in_signature) {
  const std::optional<Json> json = *rule == 0 ? std::nullopt : std::optional(Json::parse(rule));
  std::optional<DockerName> name;
  if (!image.empty()) name = DockerName::parse(image);
  return identity_accepts(json ? &*json : nullptr, name, in_signature);
}

}  // namespace

TEST_CASE("by default a tag has to be the signed one, and for a digest the repository is enough") {
  for (const char* rule : {"", R"({"type":"matchRepoDigestOrExact"})"}) {
    CHECK(accepts(rule, "example.com/a:1", "example.com/a:1"));
    CHECK_FALSE(accepts(rule, "example.com/a:1", "example.com/a:2"));
    CHECK_FALSE(accepts(rule, "example.com/a:1", "example.com/b:1"));
    CHECK(accepts(rule, "example.com/a" + kDigest, "example.com/a:1"));
    CHECK_FALSE(accepts(rule, "example.com/a" + kDigest, "example.com/b:1"));
    CHECK_FALSE(accepts(rule, "", "example.com/a:1"));
  }
}

TEST_CASE("matchExact and matchRepository do what they say") {
  const char* exact = R"({"type":"matchExact"})";
  CHECK(accepts(exact, "a:1", "docker.io/library/a:1"));
  CHECK_FALSE(accepts(exact, "example.com/a" + kDigest, "example.com/a:1"));
  const char* repository = R"({"type":"matchRepository"})";
  CHECK(accepts(repository, "example.com/a:1", "example.com/a:2"));
  CHECK_FALSE(accepts(repository, "example.com/a:1", "example.com/a/b:1"));
}

TEST_CASE("exactReference and exactRepository look at the signature alone") {
  const char* reference = R"({"type":"exactReference","dockerReference":"tiny:a"})";
  CHECK(accepts(reference, "", "docker.io/library/tiny:a"));
  CHECK_FALSE(accepts(reference, "tiny:a", "tiny:b"));
  const char* repository = R"({"type":"exactRepository","dockerRepository":"example.com/a"})";
  CHECK(accepts(repository, "", "example.com/a:9"));
  CHECK_FALSE(accepts(repository, "", "example.com/ab:9"));
}

TEST_CASE("remapIdentity replaces whole components only") {
  const char* rule =
      R"({"type":"remapIdentity","prefix":"mirror.example/a","signedPrefix":"vendor.example/x"})";
  CHECK(accepts(rule, "mirror.example/a/app:1", "vendor.example/x/app:1"));
  CHECK_FALSE(accepts(rule, "mirror.example/a/app:1", "mirror.example/a/app:1"));
  CHECK_FALSE(accepts(rule, "mirror.example/ab/app:1", "vendor.example/xb/app:1"));
  CHECK(accepts(rule, "mirror.example/ab/app:1", "mirror.example/ab/app:1"));
}

TEST_CASE("a signature for a name without a tag counts where any tag would do, and only there") {
  for (const char* rule : {R"({"type":"matchRepository"})",
                           R"({"type":"exactRepository","dockerRepository":"example.com/a"})"}) {
    CHECK(accepts(rule, "example.com/a:1", "example.com/a"));
    CHECK_FALSE(accepts(rule, "example.com/a:1", "example.com/b"));
    CHECK_FALSE(accepts(rule, "example.com/a:1", "!"));
  }
  for (const char* rule :
       {"", R"({"type":"matchExact"})",
        R"({"type":"exactReference","dockerReference":"example.com/a:1"})",
        R"({"type":"remapIdentity","prefix":"example.com","signedPrefix":"example.com"})"}) {
    CHECK_FALSE(accepts(rule, "example.com/a:1", "example.com/a"));
    CHECK_FALSE(accepts(rule, "example.com/a" + kDigest, "example.com/a"));
  }
}
