#include <doctest/doctest.h>

#include "core/config/test_environment.hpp"
#include "core/copy/memory_fixture.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

/// Signs by saying what it signs.
class TellingSigner final : public signing::Signer {
 public:
  std::string format() const override { return "simple-signing"; }
  std::string name() const override { return "teller"; }
  Item sign(const signing::Payload& payload) override {
    if (fails) throw Error(Status::unauthenticated, "the key is gone");
    return {format(), payload.reference + " " + payload.manifest.str()};
  }
  bool fails = false;
};

struct SigningFixture : Fixture {
  std::shared_ptr<TellingSigner> signer = std::make_shared<TellingSigner>();
  std::string manifest = image(kPlain, {layer});

  SigningFixture() {
    from.manifests[""] = manifest;
    request.signers = {signer};
    to.docker_name = "example.com/a:1";
  }
  std::string told(const std::string& text, const std::string& name = "example.com/a:1") {
    return name + " " + digest_of(text).str();
  }
  std::string why_refused() {
    try {
      copy();
    } catch (const CopyError& e) {
      CHECK(e.side() == Side::request);
      CHECK(to.puts == 0);
      CHECK(to.manifests.empty());
      return e.message();
    }
    FAIL("it was not refused");
    return "";
  }
};

}  // namespace

TEST_CASE("a signature names the destination and what was written, and follows those that were") {
  SigningFixture f;
  f.from.signatures[""] = {{"simple-signing", "old"}};
  const CopyReport report = f.copy();
  REQUIRE(f.to.signatures[""].size() == 2);
  CHECK(f.to.signatures[""][0].data == "old");
  CHECK(f.to.signatures[""][1].data == f.told(f.manifest));
  CHECK(report.details.manifests[0].signatures_kept == 1);
  CHECK(report.details.manifests[0].signatures_made == 1);
}

TEST_CASE("a manifest that changes on the way is signed as it arrives") {
  SigningFixture f;
  f.request.compression.form = LayerForm::zstd;
  const CopyReport report = f.copy();
  CHECK(report.manifest_changed);
  CHECK(f.to.signatures[""][0].data == f.told(f.to.manifests[""]));
}

TEST_CASE("with --all every image is signed, and the index") {
  SigningFixture f;
  const std::string other = f.image(kPlain, {"other"}, "arm64");
  const std::string index =
      f.index({f.entry(f.manifest, "linux/amd64"), f.entry(other, "linux/arm64")});
  f.from.manifests[""] = index;
  f.request.all = true;
  f.request.sign_identity = "example.com/other/name:2";
  f.copy();
  CHECK(f.to.signatures.size() == 3);
  for (const std::string* text : std::initializer_list<const std::string*>{&f.manifest, &other})
    CHECK(f.to.signatures[digest_of(*text).str()][0].data ==
          f.told(*text, "example.com/other/name:2"));
  CHECK(f.to.signatures[""][0].data == f.told(index, "example.com/other/name:2"));
}

TEST_CASE("what cannot be signed is refused before anything is written") {
  SigningFixture f;
  SUBCASE("the destination has no name") {
    f.to.docker_name = "";
    CHECK(f.why_refused().find("--sign-identity") != std::string::npos);
  }
  SUBCASE("the name has neither tag nor digest") {
    f.to.docker_name = "example.com/a";
    CHECK(f.why_refused().find("--sign-identity") != std::string::npos);
  }
  SUBCASE("the given name is not written out") {
    f.request.sign_identity = "a:1";
    CHECK(f.why_refused().find("docker.io/library/a:1") != std::string::npos);
  }
  SUBCASE("the given name has neither tag nor digest") {
    f.request.sign_identity = "example.com/a";
    CHECK(f.why_refused().find("neither tag nor digest") != std::string::npos);
  }
  SUBCASE("the destination does not take such signatures") {
    f.to.refused_format = "simple-signing";
    CHECK(f.why_refused().find("no place for them") != std::string::npos);
  }
}

TEST_CASE("signatures that the destination does not take are refused before anything is written") {
  SigningFixture f;
  f.request.signers.clear();
  f.from.signatures[""] = {{"simple-signing", "old"}};
  f.to.refused_format = "simple-signing";
  CHECK(f.why_refused().find("--remove-signatures") != std::string::npos);
  f.request.remove_signatures = true;
  CHECK_NOTHROW(f.copy());
  CHECK(f.to.signatures.empty());
}

TEST_CASE("signatures that would become invalid are refused before anything is written") {
  SigningFixture f;
  f.request.signers.clear();
  f.from.signatures[""] = {{"simple-signing", "old"}};
  f.request.compression.form = LayerForm::zstd;
  CHECK(f.why_refused().find("--remove-signatures") != std::string::npos);
}

TEST_CASE("an image that cannot be signed after all is taken back") {
  SigningFixture f;
  f.signer->fails = true;
  CHECK(f.failing_side() == Side::request);
  CHECK(f.to.aborts == 1);
  CHECK(f.to.commits == 0);
}

TEST_CASE("signatures that nobody wants are not read") {
  SigningFixture f;
  int checks = 0;
  bool wanted = false;
  f.request.remove_signatures = true;
  f.request.check_signatures = [&](const Reference&, const Digest&, const std::vector<Item>&) {
    ++checks;
  };
  f.request.wants_signatures = [&](const Reference&) { return wanted; };
  f.copy();
  CHECK(f.from.signature_reads == 0);
  CHECK(checks == 0);
  wanted = true;
  CancelToken fresh;
  copy_image(f.finder(), f.hooks, fresh, f.request, f.progress);
  CHECK(f.from.signature_reads == 1);
  CHECK(checks == 1);
}

TEST_CASE("what is signed is what was read, and no other layer with the same content") {
  SigningFixture f;
  config::TestEnvironment t;
  cache::BlobInfoCache cache(t.folder.str("cache.sqlite"), t.env);
  const std::string stranger = "made elsewhere from the same content";
  const Digest strange = digest_of(stranger), plain = digest_of(f.layer);
  f.to.blobs[strange.str()] = stranger;
  cache.record_pair(strange, plain);
  cache.record_pair(plain, plain);
  cache.record_compression(strange, "gzip");
  f.request.cache = &cache;
  f.request.compression.form = LayerForm::gzip;
  f.request.signers.clear();
  CHECK(f.copy().details.blobs[0].stored == strange);
  f.request.signers = {f.signer};
  CancelToken fresh;
  CHECK(copy_image(f.finder(), f.hooks, fresh, f.request, f.progress).details.blobs[0].stored !=
        strange);
}
