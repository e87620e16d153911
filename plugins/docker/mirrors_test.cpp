#include <doctest/doctest.h>

#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

/// An image "team/app:1" with the layer "layer" at its own registry, which has a mirror.
struct Mirrored {
  Mirrored() {
    host.options.erase("tls-verify");
    own.add_manifest("team/app", "1", kImage);
    own.add_blob("team/app", "layer");
    use({mirror.address() + "/copies/app:1", own.address() + "/team/app:1"});
  }
  void use(const std::vector<std::string>& places) {
    auto& list = host.places[own.address() + "/team/app:1"];
    list.clear();
    for (const std::string& name : places) list.push_back({name, true, false});
  }
  std::unique_ptr<docker::Source> open() { return source(host, own.name("team/app:1")); }

  PlainHost host;
  FakeRegistry own, mirror;
};

}  // namespace

TEST_CASE("an image is read from the mirror that has it, and the registry is not asked") {
  Mirrored at;
  at.mirror.add_manifest("copies/app", "1", kImage);
  at.mirror.add_blob("copies/app", "layer");
  const auto from = at.open();
  CHECK(from->read_manifest(std::nullopt).data == kImage.data);
  CHECK(get(*from, "layer") == "layer");
  CHECK(at.own.log().empty());
}

TEST_CASE("what the mirror does not have comes from the registry, at once") {
  Mirrored at;
  const auto from = at.open();
  CHECK(from->read_manifest(std::nullopt).data == kImage.data);
  CHECK(get(*from, "layer") == "layer");
  CHECK(at.mirror.count("GET", "/blobs/") == 0);
}

TEST_CASE("a blob that the mirror lost comes from the registry") {
  Mirrored at;
  at.mirror.add_manifest("copies/app", "1", kImage);
  const auto from = at.open();
  from->read_manifest(std::nullopt);
  CHECK(get(*from, "layer") == "layer");
}

TEST_CASE("a mirror that is down or broken is passed over without waiting for it") {
  Mirrored at;
  at.host.options["retry-delay"] = "1h";
  at.use({"127.0.0.1:1/dead:1", at.mirror.address() + "/copies/app:1",
          at.own.address() + "/team/app:1"});
  at.mirror.before = [](Served& request) {
    request.reply(503);
    return true;
  };
  CHECK(at.open()->read_manifest(std::nullopt).data == kImage.data);
}

TEST_CASE("where nobody has the image all are named") {
  Mirrored at;
  at.use({at.mirror.address() + "/copies/app:1", at.own.address() + "/team/none:1"});
  try {
    at.open()->read_manifest(std::nullopt);
    FAIL("nothing thrown");
  } catch (const Error& e) {
    CHECK(e.status() == Status::not_found);
    CHECK(e.message().find(at.mirror.address() + "/copies/app:1") != std::string::npos);
    CHECK(e.message().find(at.own.address() + "/team/none:1") != std::string::npos);
  }
}

TEST_CASE("a blocked registry is refused before anything is asked") {
  Mirrored at;
  at.use({});
  CHECK(status_of([&] { at.open(); }) == Status::denied);
  CHECK(status_of([&] { destination(at.host, at.own.name("team/app:1")); }) == Status::denied);
  CHECK(at.own.log().empty());
}

TEST_CASE("http is used where the configuration allows it, and never against tls-verify") {
  Mirrored at;
  at.use({at.own.address() + "/team/app:1"});
  at.host.options["retry"] = "0";
  CHECK(at.open()->read_manifest(std::nullopt).data == kImage.data);
  put(*destination(at.host, at.own.name("team/app:1")), "new");
  CHECK(at.own.has_blob("team/app", digest_of("new")));
  at.host.options["tls-verify"] = "true";
  CHECK(status_of([&] { at.open()->read_manifest(std::nullopt); }) == Status::unavailable);
  at.host.options.erase("tls-verify");
  at.host.places.clear();
  CHECK(status_of([&] { at.open()->read_manifest(std::nullopt); }) == Status::unavailable);
}
