// What a copy would do, and that finding out does nothing.
#include "core/copy/memory_fixture.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

struct Preview : Fixture {
  /// A preview that leaves everything as it was.
  CopyDetails look() {
    const auto blobs = to.blobs, manifests = to.manifests;
    CopyDetails details = preview();
    CHECK(to.blobs == blobs);
    CHECK(to.manifests == manifests);
    CHECK_FALSE(to.opened);
    CHECK(to.commits + to.aborts == 0);
    return details;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Preview, "an image that would arrive as it is has a digest before it does") {
  from.manifests[""] = image(kPlain, {layer, "small"});
  const CopyDetails details = look();
  REQUIRE(details.blobs.size() == 3);
  for (const BlobReport& blob : details.blobs) {
    CHECK(blob.outcome == BlobOutcome::copied);
    CHECK_FALSE(blob.recoded);
    CHECK(blob.stored == blob.digest);
  }
  REQUIRE(details.manifests.size() == 1);
  CHECK(details.manifests[0].top);
  CHECK(details.manifests[0].stored == digest_of(from.manifests[""]));
  CHECK(details.manifests[0].reasons.empty());
  CHECK(details.manifests[0].platform == "linux/amd64");
  CHECK(details.source == "memory:from");
}

TEST_CASE_FIXTURE(Preview, "what is there, could be mounted, or would be compressed") {
  from.manifests[""] = image(kPlain, {layer, "there", "elsewhere"});
  to.blobs[digest_of("there").str()] = "there";
  to.mounts.insert(digest_of("elsewhere").str());
  to.compression = LayerCompression::preserve;
  CopyDetails details = look();
  CHECK(details.blobs[0].outcome == BlobOutcome::copied);
  CHECK(details.blobs[1].outcome == BlobOutcome::reused);
  CHECK(details.blobs[2].outcome == BlobOutcome::mounted);
  CHECK(details.blobs[2].mounted_from == "elsewhere");
  to.compression = LayerCompression::compress;
  details = look();
  CHECK(details.blobs[0].recoded);
  CHECK_FALSE(details.blobs[0].digest_known);
  CHECK(details.blobs[0].size == -1);
  CHECK_FALSE(details.manifests[0].stored);
  CHECK(details.manifests[0].reasons.size() == 3);
}

TEST_CASE_FIXTURE(Preview, "the digest is known where the cache knows what layers become") {
  testing::TempFolder folder;
  cache::BlobInfoCache cache(folder.str("cache.sqlite"), config::Environment{});
  request.cache = &cache;
  from.manifests[""] = image(kPlain, {layer});
  to.compression = LayerCompression::compress;
  const CopyReport copied = copy();
  CHECK(copied.details.manifests[0].reasons.size() == 1);
  to.opened = false;
  to.commits = 0;
  CHECK(look().manifests[0].stored == copied.digest);
}

TEST_CASE_FIXTURE(Preview, "conversion alone is known in advance") {
  from.manifests[""] = image(kPlain + "+gzip", {layer});
  to.types = {std::string(media_type::kDockerManifest)};
  const CopyDetails details = look();
  CHECK(details.manifests[0].stored_media_type == media_type::kDockerManifest);
  REQUIRE(details.manifests[0].reasons.size() == 1);
  CHECK(copy().digest == details.manifests[0].stored);
}

TEST_CASE_FIXTURE(Preview, "an index is told with its images") {
  from.manifests[""] = index({entry(image(kPlain, {layer, "a"}), "linux/amd64"),
                              entry(image(kPlain, {layer, "b"}, "arm64"), "linux/arm64")});
  request.all = true;
  CHECK(look().manifests.back().stored == digest_of(from.manifests[""]));
  CHECK(look().blobs.size() == 5);
  to.compression = LayerCompression::compress;
  const CopyDetails details = look();
  REQUIRE(details.manifests.size() == 3);
  CHECK_FALSE(details.manifests.back().stored);
  CHECK(details.manifests.back().reasons.size() == 2);
}

TEST_CASE_FIXTURE(Preview, "a copy that could not begin is refused in the same way") {
  from.manifests[""] = image(kPlain, {layer});
  request.options = {{"docker.cert-dir", "x"}};
  CHECK_THROWS_AS(preview(), CopyError);
  request.options.clear();
  request.source.details = "nothing";
  CHECK_THROWS_AS(preview(), CopyError);
}
