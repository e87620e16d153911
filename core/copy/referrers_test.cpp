// What belongs to an image travels with it.
#include "core/copy/referrers.hpp"

#include "core/copy/memory_fixture.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

struct Referrers : Fixture {
  std::string picture = image(kPlain, {layer});

  Referrers() {
    from.manifests[""] = picture;
    request.referrers = true;
  }
  /// An artifact about that subject; returns its digest.
  std::string refer(const std::string& subject, const std::string& what) {
    return keep(R"({"schemaVersion":2,"artifactType":"x/)" + what + R"(","config":)" + blob("{}") +
                R"(,"layers":[)" + blob(what) + R"(],"subject":{"digest":")" + subject + "\"}}");
  }
  std::string attach(const std::string& subject, const std::string& kind) {
    const std::string digest = keep(R"({"schemaVersion":2,"config":)" + blob("{}") +
                                    R"(,"layers":[)" + blob(kind + subject) + "]}");
    from.attached[kind + " " + subject] = digest;
    return digest;
  }
  std::string keep(const std::string& manifest) {
    const std::string digest = digest_of(manifest).str();
    from.manifests[digest] = manifest;
    return digest;
  }
  std::string blob(const std::string& bytes) {
    return R"({"mediaType":"x/blob","digest":")" + add_blob(bytes) + R"(","size":)" +
           std::to_string(bytes.size()) + "}";
  }
  std::string subject() const { return digest_of(picture).str(); }
};

}  // namespace

TEST_CASE_FIXTURE(Referrers, "all that belongs to an image travels, and what belongs to that") {
  const std::string bill = refer(subject(), "sbom"), of_bill = refer(bill, "signature");
  const std::string signature = attach(subject(), "sig"), on_signature = attach(signature, "sig");
  const CopyReport report = copy();
  CHECK(to.manifests == from.manifests);
  CHECK(to.attached == from.attached);
  CHECK(to.blobs == from.blobs);
  CHECK_FALSE(report.manifest_changed);
  REQUIRE(report.details.referrers.size() == 4);
  CHECK(report.details.referrers.front().digest.str() == bill);
  CHECK(report.details.referrers.front().artifact_type == "x/sbom");
  for (const char* kept : {of_bill.c_str(), on_signature.c_str()})
    CHECK(to.manifests.contains(kept));
}

TEST_CASE_FIXTURE(Referrers, "none travels unasked") {
  refer(subject(), "sbom");
  request.referrers = false;
  CHECK(copy().details.referrers.empty());
  CHECK(to.manifests.size() == 1);
}

TEST_CASE_FIXTURE(Referrers, "a dry run tells what would travel") {
  refer(subject(), "sbom");
  const CopyDetails plan = preview();
  CHECK(plan.referrers.size() == 1);
  CHECK(plan.blobs.size() == 4);
  CHECK(to.puts == 0);
}

TEST_CASE_FIXTURE(Referrers, "an image that something refers to stays as it is") {
  to.compression = LayerCompression::compress;
  SUBCASE("where nothing does it is compressed") { CHECK(copy().manifest_changed); }
  SUBCASE("and is not compressed otherwise") {
    refer(subject(), "sbom");
    CHECK_FALSE(copy().manifest_changed);
  }
  SUBCASE("and the copy is refused where that was asked for") {
    attach(subject(), "sbom");
    request.compression.form = LayerForm::zstd;
    CHECK(failing_side() == Side::request);
    CHECK(to.puts == 0);
  }
}

TEST_CASE_FIXTURE(Referrers, "of an index its own and those of its images travel") {
  const std::string amd = image(kPlain, {layer}), arm = image(kPlain, {layer, "arm"}, "arm64");
  from.manifests[""] = index({entry(amd, "linux/amd64"), entry(arm, "linux/arm64")});
  const std::string whole = refer(digest_of(from.manifests[""]).str(), "signature");
  const std::string part = refer(digest_of(arm).str(), "sbom");
  SUBCASE("with all images") {
    request.all = true;
    copy();
    CHECK(to.manifests == from.manifests);
  }
  SUBCASE("with one image those of that image") {
    request.platforms = {Platform::parse("linux/arm64")};
    copy();
    CHECK(to.manifests.contains(part));
    CHECK_FALSE(to.manifests.contains(whole));
  }
  SUBCASE("and an index that would lose images is refused") {
    const std::string third = image(kPlain, {"third"}, "s390x");
    from.manifests[""] =
        index({entry(amd, "linux/amd64"), entry(arm, "linux/arm64"), entry(third, "linux/s390x")});
    refer(digest_of(from.manifests[""]).str(), "signature");
    request.platforms = {Platform::parse("linux/arm64"), Platform::parse("linux/amd64")};
    CHECK(failing_side() == Side::request);
    CHECK(to.puts == 0);
  }
}

TEST_CASE_FIXTURE(Referrers, "an index that refers takes along what it lists") {
  const std::string part = keep(image(kPlain, {"part"}));
  const std::string refers = R"({"schemaVersion":2,"manifests":[{"mediaType":")" +
                             std::string(media_type::kOciManifest) + R"(","digest":")" + part +
                             R"(","size":)" + std::to_string(from.manifests[part].size()) +
                             R"(}],"subject":{"digest":")" + subject() + "\"}}";
  keep(refers);
  copy();
  CHECK(to.manifests == from.manifests);
  CHECK(to.blobs == from.blobs);
}

TEST_CASE_FIXTURE(Referrers, "what refers in a circle travels once") {
  // No two manifests can have each other's digest, but a source may say so.
  const std::string first = refer(subject(), "one");
  from.attached["sig " + first] = first;
  copy();
  CHECK(to.manifests == from.manifests);
}

TEST_CASE_FIXTURE(Referrers, "a referrer that is another than its digest says ends the copy") {
  const std::string bill = refer(subject(), "sbom");
  from.manifests[bill].insert(1, " ");
  CHECK(failing_side() == Side::source);
  CHECK(to.puts == 0);
}

TEST_CASE_FIXTURE(Referrers, "a referrer's blob with other bytes ends the copy") {
  refer(subject(), "sbom");
  from.blobs[digest_of("sbom").str()] = "SBOM";
  CHECK(failing_side() == Side::source);
  CHECK(to.commits == 0);
}
