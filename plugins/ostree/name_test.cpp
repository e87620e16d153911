#include "name.hpp"

#include <doctest/doctest.h>

#include "branch.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::ostree;

TEST_CASE("a name ends at the first @/, gets a tag, and stays as it was typed") {
  const sealos::testing::TempFolder folder;
  const std::string repo = folder.str("repo");
  CHECK(Name("foo@" + repo).canonical() == "foo:latest@" + repo);
  CHECK(Name("foo:1@" + repo).image() == "foo:1");
  CHECK(Name("docker.io/library/foo:1@" + repo).image() == "docker.io/library/foo:1");
  CHECK(Name("foo").repository() == "/ostree/repo");
  const std::string digest = "sha256:" + std::string(64, 'a');
  const Name by_digest("h:5000/a/b@" + digest + "@" + repo);
  CHECK(by_digest.image() == "h:5000/a/b@" + digest);
  CHECK(by_digest.digest()->str() == digest);
  CHECK(by_digest.untagged() == "h:5000/a/b");
  CHECK(Name(Name("foo@" + repo).canonical()).canonical() == Name("foo@" + repo).canonical());
}

TEST_CASE("what is no name, or has no folder around it, is refused") {
  const sealos::testing::TempFolder folder;
  for (const std::string& bad :
       {std::string(), std::string("FOO@") + folder.str("r"), std::string("foo:1@tmp"),
        "foo@" + folder.str("missing/r"), "foo@" + folder.str("a:b"), "@" + folder.str("r")}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(Name{bad}, Error);
  }
}

TEST_CASE("a policy finds an image by its repository and ever shorter names") {
  const sealos::testing::TempFolder folder;
  const std::string repo = folder.str("repo");
  const Name name("h:5000/a/b:1@" + repo);
  CHECK(name.policy_identity() == repo + ":h:5000/a/b:1");
  CHECK(name.policy_namespaces() ==
        std::vector<std::string>{repo + ":h:5000/a/b", repo + ":h:5000/a", repo + ":h:5000"});
  check_scope("/ostree/repo:a/b");
  for (const char* bad : {"", "repo", "repo:a", "/a/../b:c", "/a/:b"})
    CHECK_THROWS_AS(check_scope(bad), Error);
}

TEST_CASE("names become branches and back, blobs have theirs") {
  CHECK(image_branch("localhost/a_b:1") == "ociimage/localhost_2Fa_5Fb_3A1");
  CHECK(image_of_branch("localhost_2Fa_5Fb_3A1") == "localhost/a_b:1");
  for (const char* nobodys : {"", "a_", "a_2", "a_zz", "a/b", "a_+1"})
    CHECK_FALSE(image_of_branch(nobodys));
  const std::string hex(64, 'a');
  CHECK(blob_branch(Digest::require("sha256:" + hex)) == "ociimage/" + hex);
  CHECK_FALSE(image_of_branch(hex));
  CHECK(blob_of_branch(hex)->hex() == hex);
  CHECK_THROWS_AS(blob_branch(Digest::require("sha512:" + hex + hex)), Error);
}
