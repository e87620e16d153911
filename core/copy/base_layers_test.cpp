#include "core/copy/base_layers.hpp"

#include "core/copy/memory_fixture.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

struct Bases : Fixture {
  ImageInput made(const std::vector<std::string>& layers, const std::string& architecture = "amd64",
                  const std::vector<std::string>& plain = {}) {
    Manifest manifest = Manifest::parse({"", image(kPlain, layers, architecture, plain)});
    std::string config = from.blobs.at(manifest.config().digest.str());
    return {std::nullopt, std::move(manifest), std::move(config), std::nullopt, {}, ""};
  }
};

}  // namespace

TEST_CASE_FIXTURE(Bases,
                  "the layers of the base are counted by what they are without compression") {
  std::vector<ImageInput> images{made({"a", "b", "c"})};
  find_base_layers(images, {made({"a packed", "b packed"}, "amd64", {"a", "b"})});
  CHECK(images[0].base_layers == 2);
  find_base_layers(images, {made({"a", "other"})});
  CHECK(images[0].base_layers == 1);
}

TEST_CASE_FIXTURE(Bases, "a base of several platforms is the one of the image's own") {
  std::vector<ImageInput> images{made({"a", "b"}), made({"x", "y", "z"}, "arm64")};
  find_base_layers(images, {made({"a"}), made({"x", "y"}, "arm64")});
  CHECK(images[0].base_layers == 1);
  CHECK(images[1].base_layers == 2);
  std::vector<ImageInput> other{made({"a", "b"}, "s390x")};
  CHECK_THROWS_AS(find_base_layers(other, {made({"a"}), made({"x"}, "arm64")}), Error);
}

TEST_CASE_FIXTURE(Bases, "a base with nothing or all of the image is refused") {
  std::vector<ImageInput> images{made({"a", "b"})};
  CHECK_THROWS_AS(find_base_layers(images, {made({"x"})}), Error);
  CHECK_THROWS_AS(find_base_layers(images, {made({"a", "b"})}), Error);
  CHECK_THROWS_AS(find_base_layers(images, {made({"a", "b", "c"})}), Error);
}
