#include "core/copy/copy.hpp"

#include <doctest/doctest.h>

#include "core/copy/memory_fixture.hpp"
#include "support/compression/compression.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::testing;

TEST_CASE_FIXTURE(Fixture, "an image arrives byte for byte") {
  from.manifests[""] = image(kPlain, {layer, "small", layer});
  const CopyReport report = copy();
  CHECK(to.manifests == from.manifests);
  CHECK(to.blobs == from.blobs);
  CHECK(to.puts == 3);
  CHECK(to.commits == 1);
  CHECK_FALSE(report.manifest_changed);
  CHECK(report.digest == digest_of(from.manifests[""]));
  const CopyReport again = copy();
  CHECK(to.puts == 3);
  for (const BlobReport& blob : again.details.blobs) CHECK(blob.outcome == BlobOutcome::reused);
}

TEST_CASE_FIXTURE(Fixture, "uncompressed layers arrive as gzip where that is wanted") {
  from.manifests[""] = image(kPlain, {layer});
  to.compression = LayerCompression::compress;
  const CopyReport report = copy();
  CHECK(report.manifest_changed);
  const Manifest now = Manifest::parse({"", to.manifests[""]});
  CHECK(now.layers()[0].media_type == kPlain + "+gzip");
  const std::string& bytes = to.blobs.at(now.layers()[0].digest.str());
  CHECK(static_cast<std::int64_t>(bytes.size()) == now.layers()[0].size);
  const auto plain = decompress(memory_stream(bytes), Compression::gzip);
  CHECK(read_stream(*plain, 1 << 26, "layer") == layer);
}

TEST_CASE_FIXTURE(Fixture, "what was compressed once is found again through the cache") {
  testing::TempFolder folder;
  cache::BlobInfoCache cache(folder.str("cache.sqlite"), config::Environment{});
  request.cache = &cache;
  from.manifests[""] = image(kPlain, {layer});
  to.compression = LayerCompression::compress;
  const Digest first = copy().digest;
  const int puts = to.puts;
  const CopyReport again = copy();
  CHECK(to.puts == puts);
  CHECK(again.digest == first);
  to.blobs.clear();
  CHECK(copy().digest == first);
  CHECK(to.puts == 2 * puts);
}

TEST_CASE_FIXTURE(Fixture, "an index is copied whole, or one image of it") {
  std::vector<std::string> entries;
  for (const std::string architecture : {"amd64", "arm64", "s390x"}) {
    entries.push_back(
        entry(image(kPlain, {layer, architecture}, architecture), "linux/" + architecture));
  }
  from.manifests[""] = index(entries);
  SUBCASE("whole") {
    request.all = true;
    CHECK_FALSE(copy().manifest_changed);
    CHECK(to.manifests == from.manifests);
    CHECK(to.puts == 7);
  }
  SUBCASE("whole, with layers that change") {
    request.all = true;
    to.compression = LayerCompression::compress;
    CHECK(copy().manifest_changed);
    const Manifest index = Manifest::parse({"", to.manifests[""]});
    for (const Descriptor& entry : index.instances())
      CHECK(to.manifests.contains(entry.digest.str()));
  }
  SUBCASE("one") {
    request.platforms = {Platform::parse("linux/s390x")};
    copy();
    CHECK(Manifest::parse({"", to.manifests[""]}).layers().size() == 2);
    CHECK(to.manifests.size() == 1);
  }
  SUBCASE("one that is not there") {
    request.platforms = {Platform::parse("linux/mips")};
    CHECK(failing_side() == Side::source);
    CHECK(to.puts == 0);
    CHECK(to.aborts == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "wrong bytes never arrive, and the source is blamed") {
  from.manifests[""] = image(kPlain, {layer, "small"});
  const std::string big = digest_of(layer).str();
  SUBCASE("cut off") { from.cut = big; }
  SUBCASE("altered") { from.blobs[big][7] = '!'; }
  SUBCASE("missing") { from.blobs.erase(big); }
  SUBCASE("altered config") {
    for (auto& [digest, bytes] : from.blobs) {
      if (bytes[0] == '{') bytes[3] = '!';
    }
  }
  CHECK(failing_side() == Side::source);
  CHECK(to.commits == 0);
  CHECK_FALSE(to.blobs.contains(big));
  CHECK(to.manifests.empty());
  if (to.opened) CHECK(to.aborts == 1);
}

TEST_CASE_FIXTURE(Fixture, "failures that may pass are tried again") {
  from.manifests[""] = image(kPlain, {layer});
  from.fail_reads = 2;
  SUBCASE("often enough") {
    unsigned retries = 0;
    for (const BlobReport& blob : copy().details.blobs) retries += blob.retries;
    CHECK(retries == 2);
    // The layer and the config, each once, whatever happens to the source.
    CHECK(to.asked == 2);
  }
  SUBCASE("not often enough") {
    request.retry.count = 1;
    CHECK(failing_side() == Side::source);
  }
}

TEST_CASE_FIXTURE(Fixture, "what no image could change is refused before the source is read") {
  SUBCASE("a format") {
    to.types = {std::string(media_type::kOciManifest)};
    request.format = ManifestFormat::v2s2;
  }
  SUBCASE("a compression") {
    to.compression = LayerCompression::decompress;
    request.compression.form = LayerForm::zstd;
  }
  SUBCASE("several images") {
    to.types = {std::string(media_type::kOciManifest)};
    request.all = true;
    request.add_compression = {LayerForm::zstd};
  }
  SUBCASE("one image beside itself") { request.add_compression = {LayerForm::zstd}; }
  // The source has no manifest, which is not what is said.
  CHECK(failing_side() == Side::request);
}

TEST_CASE_FIXTURE(Fixture, "a rejected manifest is offered in the next form") {
  from.manifests[""] = image(kPlain + "+gzip", {layer});
  to.types = {std::string(media_type::kOciManifest), std::string(media_type::kDockerManifest)};
  to.rejected_type = media_type::kOciManifest;
  const CopyReport report = copy();
  CHECK(report.media_type == media_type::kDockerManifest);
  CHECK(report.manifest_changed);
  to.types = {std::string(media_type::kOciManifest)};
  CHECK(failing_side() == Side::destination);
}

TEST_CASE_FIXTURE(Fixture, "options that nobody reads are refused before anything is opened") {
  from.manifests[""] = image(kPlain, {layer});
  request.options = {{"memory.mode", "x"}};
  CHECK_NOTHROW(copy());
  request.options = {{"memory.unread", "x"}};
  const int puts = to.puts;
  CHECK(failing_side() == Side::request);
  CHECK(to.puts == puts);
  to.opened = false;
  request.options = {{"docker.cert-dir", "x"}};
  CHECK(failing_side() == Side::request);
  CHECK_FALSE(to.opened);
}

TEST_CASE_FIXTURE(Fixture, "an option of one side is refused where that side does not know it") {
  from.manifests[""] = image(kPlain, {layer});
  request.source_options = {{"memory.mode", "x"}};
  CHECK_NOTHROW(copy());
  request.source_options.clear();
  request.destination_options = {{"docker.mount-from", "x"}};
  CHECK(failing_side() == Side::request);
  request.destination_options.clear();
  request.source_credentials = [](const std::string&) { return std::nullopt; };
  CHECK(failing_side() == Side::request);
}

TEST_CASE_FIXTURE(Fixture, "an image that is not at the source may be elsewhere") {
  all["third"].manifests[""] = image(kPlain, {layer});
  all["third"].blobs = from.blobs;
  from.blobs.clear();
  request.source_elsewhere = [] {
    return std::vector<Location>{{"memory", "second"}, {"memory", "third"}, {"memory", "fourth"}};
  };
  CHECK(copy().source.details == "third");
  CHECK(to.manifests == all["third"].manifests);
  all["third"].manifests.clear();
  CHECK(failing_side() == Side::source);
  request.source_elsewhere = []() -> std::vector<Location> {
    throw Error(Status::not_found, "a short name that means nothing");
  };
  try {
    copy();
    FAIL("no error");
  } catch (const CopyError& e) {
    CHECK(e.status() == Status::not_found);
    CHECK(e.message().find("no such manifest") != std::string::npos);
    CHECK(e.message().find("means nothing") != std::string::npos);
  }
  from.manifests[""] = image(kPlain, {layer});
  CHECK(copy().source.details == "from");
}

TEST_CASE_FIXTURE(Fixture, "what the policy forbids is not even opened") {
  from.manifests[""] = image(kPlain, {layer});
  request.check_policy = [](const Reference& source) {
    throw Error(Status::denied, source.canonical() + " is not allowed");
  };
  CHECK(failing_side() == Side::policy);
  CHECK_FALSE(to.opened);
}

TEST_CASE_FIXTURE(Fixture, "a cancelled copy ends as cancelled and commits nothing") {
  from.manifests[""] = image(kPlain, {layer});
  cancel.cancel();
  try {
    copy();
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(e.status() == Status::cancelled);
  }
  CHECK(to.commits == 0);
}
