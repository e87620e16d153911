#include "lookup.hpp"

#include <doctest/doctest.h>

#include "reference.hpp"
#include "support/testing/fake_host.hpp"

using namespace sealos;
using namespace sealos::containers_storage;

namespace {

struct Images {
  Snapshot snapshot;
  void add(const std::string& id, const std::vector<std::string>& names,
           const std::string& manifest = "") {
    StoredImage image{};
    image.id = id + std::string(64 - id.size(), '0');
    image.names = names;
    if (!manifest.empty()) image.big_data_digests["manifest"] = manifest;
    image.big_data_sizes["manifest"] = 1;
    snapshot.images.push_back(image);
  }
  std::string find(const std::string& text) const {
    return find_image(snapshot, parse_image(text), "/g").image->id.substr(0, 4);
  }
  Status failure(const std::string& text) const {
    try {
      find(text);
    } catch (const Error& e) {
      return e.status();
    }
    return Status::ok;
  }
};

}  // namespace

TEST_CASE("short names are searched as podman does") {
  Images images;
  images.add("1111", {"docker.io/library/app:1"});
  CHECK(images.find("app:1") == "1111");
  images.add("2222", {"localhost/app:1"});
  CHECK(images.find("app:1") == "2222");
  CHECK(images.find("docker.io/library/app:1") == "1111");
  images.add("3333", {"example.com/team/tool:latest"});
  CHECK(images.find("tool") == "3333");
  CHECK(images.find("team/tool") == "3333");
  CHECK(images.failure("ool") == Status::not_found);
  CHECK(images.failure("localhost/tool") == Status::not_found);
  images.add("4444", {"example.org/tool:latest"});
  CHECK(images.failure("tool") == Status::invalid);
}

TEST_CASE("IDs are found by their beginning if it is one image's only") {
  Images images;
  images.add("abc1", {"localhost/a:1"});
  images.add("abc2", {});
  CHECK(images.find("abc1") == "abc1");
  CHECK(images.failure("abc") == Status::invalid);
  CHECK(images.failure("abd") == Status::not_found);
  CHECK(images.find("abc2" + std::string(60, '0')) == "abc2");
  CHECK(images.find("localhost/a@abc1") == "abc1");
  CHECK(images.failure("localhost/b@abc1") == Status::not_found);
  images.add("3333", {"localhost/abc1:latest"});
  CHECK(images.find("abc1") == "3333");
}

TEST_CASE("a digest finds an image that has a name in the repository") {
  const std::string digest = "sha256:" + std::string(64, 'd');
  Images images;
  images.add("1111", {"localhost/a:1"}, digest);
  CHECK(images.find("localhost/a@" + digest) == "1111");
  CHECK(images.failure("localhost/b@" + digest) == Status::not_found);
  CHECK(images.find(digest) == "1111");
  CHECK(images.find("sha256:1111" + std::string(60, '0')) == "1111");
}

TEST_CASE("policy scopes begin with a store") {
  CHECK_NOTHROW(check_scope("[overlay@/g]localhost/a"));
  CHECK_NOTHROW(check_scope("[/g]"));
  for (const char* bad : {"localhost/a", "[]", "[g]", "[overlay@/g+/r]", "[overlay@/g:a=b]x"})
    CHECK_THROWS_AS(check_scope(bad), Error);
}

TEST_CASE("a reference that is not in the store keeps its written form") {
  sealos::testing::FakeHost host;
  const Reference reference(host.host(), "[vfs@/nonexistent+/r]app:1");
  CHECK(reference.canonical() == "[vfs@/nonexistent+/r]docker.io/library/app:1");
  CHECK(reference.docker_name() == "docker.io/library/app:1");
  CHECK(reference.policy_identity() == "[vfs@/nonexistent]docker.io/library/app:1");
  CHECK(reference.policy_namespaces() ==
        std::vector<std::string>{
            "[vfs@/nonexistent]docker.io/library/app", "[vfs@/nonexistent]docker.io/library",
            "[vfs@/nonexistent]docker.io", "[vfs@/nonexistent]", "[/nonexistent]"});
}
