#include <doctest/doctest.h>

#include <stdexcept>

#include "core/host/plugin_loader.hpp"
#include "core/host/services.hpp"
#include "sealos/sdk/plugin.hpp"

using sealos::Blob;
using sealos::Digest;
using sealos::Error;
using sealos::Item;
using sealos::Status;

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct Trouble {
  std::string where;
};
Trouble trouble;

class OneByte : public sealos::Stream {
 public:
  size_t read(std::span<std::byte> into) override {
    if (trouble.where == "read") throw Error(Status::corrupt, "bad bytes");
    if (done_) return 0;
    done_ = true;
    into[0] = std::byte{'x'};
    return 1;
  }

 private:
  bool done_ = false;
};

struct TestSource {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  Item read_manifest(const std::optional<Digest>& instance) {
    if (trouble.where == "read_manifest") {
      throw Error(Status::unavailable, "not\nnow").set_retryable(1500);
    }
    return {"type", instance ? instance->str() : "top"};
  }
  std::unique_ptr<sealos::Stream> open_blob(const Blob&, std::int64_t, std::int64_t) {
    return std::make_unique<OneByte>();
  }
};

struct TestDestination {
  std::vector<std::string> manifest_types() const { return {"t1", "t2"}; }
  std::vector<std::string> layer_compressions() const { return {"", "gzip"}; }
  sealos::LayerCompression compression() const { return sealos::LayerCompression::compress; }
  Blob put_blob(const Blob& blob, sealos::Stream& from) {
    std::byte buffer[16];
    Blob stored = blob;
    stored.size = 0;
    while (const size_t n = from.read(buffer)) stored.size += static_cast<std::int64_t>(n);
    if (trouble.where == "digest")
      stored.digest = Digest::require("sha256:" + std::string(64, 'b'));
    if (trouble.where == "no size") stored.size = -1;
    return stored;
  }
  std::optional<Blob> try_reuse(const sealos::Reuse& want) {
    if (want.candidates.empty()) return std::nullopt;
    return want.candidates.back();
  }
  void put_manifest(const std::optional<Digest>&, const Item&) {}
  std::optional<std::string> commit(const Item& top) { return top.data; }
};

struct TestReference {
  std::string canonical() const { return "c"; }
  std::optional<std::string> docker_name() const { return std::nullopt; }
  std::unique_ptr<TestSource> open_source(sealos::sdk::Host) const {
    return std::make_unique<TestSource>();
  }
  std::unique_ptr<TestDestination> open_destination(sealos::sdk::Host) const {
    return std::make_unique<TestDestination>();
  }
};

sealos::Reference make_reference() {
  return {sealos::sdk::ReferenceBox<TestReference>::give(std::make_unique<TestReference>()), "test",
          "test"};
}

struct Fixture {
  sealos::Hooks hooks;
  sealos::CancelToken cancel;
  sealos::Services services{hooks, cancel, {{"key", "value"}}};
  sealos::Reference reference = make_reference();
  Fixture() { trouble = {}; }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "values cross the ABI in both directions") {
  const auto source = reference.open_source(services);
  CHECK(source->parallel());
  CHECK(source->read_manifest(std::nullopt).data == "top");
  CHECK(source->read_manifest(Digest::require(kDigest)).data == kDigest);
  CHECK_FALSE(source->layer_infos(std::nullopt));
  CHECK(source->read_signatures(std::nullopt).empty());
  const auto destination = reference.open_destination(services);
  CHECK(destination->manifest_types() == std::vector<std::string>{"t1", "t2"});
  CHECK(destination->compression() == sealos::LayerCompression::compress);
  CHECK(destination->signature_formats() == std::vector<std::string>{});
  CHECK(destination->layer_compressions() == std::vector<std::string>{"", "gzip"});
  Blob blob;
  blob.digest = Digest::require(kDigest);
  blob.annotations = {{"k", "v"}};
  const auto stream = source->open_blob(blob);
  CHECK(destination->put_blob(blob, *stream).size == 1);
  CHECK_FALSE(destination->try_reuse({blob, {}, std::nullopt}));
  CHECK(destination->try_reuse({blob, {blob}, "gzip"})->annotations == blob.annotations);
  CHECK(destination->commit({"type", "said"}) == "said");
  CHECK_FALSE(destination->abort());
  CHECK_THROWS_AS(reference.list_tags(services), Error);
  CHECK_THROWS_AS(reference.remove(services, 0), Error);
}

TEST_CASE_FIXTURE(Fixture, "errors keep status, advice and one line of text") {
  const auto source = reference.open_source(services);
  trouble.where = "read_manifest";
  try {
    source->read_manifest(std::nullopt);
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(e.status() == Status::unavailable);
    CHECK(e.retryable());
    CHECK(e.retry_after_ms() == 1500);
    CHECK(e.message() == "not now");
  }
}

TEST_CASE_FIXTURE(Fixture, "a stream's error comes through a destination unchanged") {
  const auto source = reference.open_source(services);
  const auto destination = reference.open_destination(services);
  Blob blob;
  blob.digest = Digest::require(kDigest);
  trouble.where = "read";
  const auto stream = source->open_blob(blob);
  try {
    destination->put_blob(blob, *stream);
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(e.status() == Status::corrupt);
    CHECK(e.message() == "bad bytes");
  }
}

TEST_CASE_FIXTURE(Fixture, "a destination that lies about what it stored is found out") {
  const auto source = reference.open_source(services);
  const auto destination = reference.open_destination(services);
  Blob blob;
  blob.digest = Digest::require(kDigest);
  for (const char* where : {"digest", "no size"}) {
    trouble.where = where;
    const auto stream = source->open_blob(blob);
    CHECK_THROWS_WITH_AS(destination->put_blob(blob, *stream),
                         doctest::Contains("plugin test is broken"), Error);
  }
}

TEST_CASE_FIXTURE(Fixture, "objects that break the contract are refused") {
  CHECK_THROWS_AS(sealos::Source(nullptr, "p"), Error);
  sealos_source none{};
  CHECK_THROWS_AS(sealos::Source(&none, "p"), Error);
  none.struct_size = sizeof(none);
  CHECK_THROWS_AS(sealos::Source(&none, "p"), Error);
  none.open_blob = [](sealos_source*, const sealos_blob*, std::int64_t, std::int64_t,
                      sealos_stream**, sealos_error*) -> sealos_status { return SEALOS_OK; };
  none.read_manifest = [](sealos_source*, const char*, sealos_emit, void*,
                          sealos_error*) -> sealos_status { throw std::runtime_error("boo"); };
  sealos::Source source(&none, "p");
  CHECK_THROWS_WITH_AS(source.read_manifest(std::nullopt), doctest::Contains("boo"), Error);
  CHECK_THROWS_WITH_AS(source.open_blob({}), doctest::Contains("returned no sealos_stream"), Error);
  none.read_manifest = [](sealos_source*, const char*, sealos_emit, void*,
                          sealos_error*) -> sealos_status { return 4711; };
  CHECK_THROWS_AS(source.read_manifest(std::nullopt), Error);
}

TEST_CASE("a stream that breaks the contract is released") {
  static int released;
  released = 0;
  static sealos_stream stream;
  stream = {};
  stream.struct_size = sizeof(stream);
  stream.release = [](sealos_stream*) { ++released; };
  sealos_source broken{};
  broken.struct_size = sizeof(broken);
  broken.read_manifest = [](sealos_source*, const char*, sealos_emit, void*,
                            sealos_error*) -> sealos_status { return SEALOS_OK; };
  broken.open_blob = [](sealos_source*, const sealos_blob*, std::int64_t, std::int64_t,
                        sealos_stream** out, sealos_error*) -> sealos_status {
    *out = &stream;
    return SEALOS_OK;
  };
  sealos::Source source(&broken, "p");
  CHECK_THROWS_WITH_AS(source.open_blob({}), doctest::Contains("sealos_stream.read"), Error);
  CHECK(released == 1);
}

TEST_CASE_FIXTURE(Fixture, "a transport that can only write cannot look") {
  CHECK_THROWS_WITH_AS(reference.open_preview(services), doctest::Contains("dry run"), Error);
}

TEST_CASE_FIXTURE(Fixture, "services answer options, credentials and cancellation") {
  hooks.credentials = [](const std::string& scope) -> std::optional<sealos::sdk::Credentials> {
    if (scope == "r.io/c") throw Error(Status::not_found, "no such file");
    if (scope != "r.io/a") return std::nullopt;
    return sealos::sdk::Credentials{"me", "secret", "", ""};
  };
  const sealos::sdk::Host host(services.c());
  CHECK(host.option("key") == "value");
  CHECK_FALSE(host.option("other"));
  CHECK(host.credentials("r.io/a")->password == "secret");
  CHECK_FALSE(host.credentials("r.io/b"));
  CHECK_THROWS_WITH_AS(host.credentials("r.io/c"), doctest::Contains("no such file"), Error);
  CHECK_FALSE(host.cancelled());
  cancel.cancel();
  CHECK(host.cancelled());
  CHECK_THROWS_AS(host.throw_if_cancelled(), Error);
}
