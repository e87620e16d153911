#include "destination.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>

#include "support/testing/temp_folder.hpp"
#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

namespace {

/// Bytes of which nobody knows how many there are, or that end badly.
class OddStream final : public Stream {
 public:
  OddStream(std::string bytes, bool fails)
      : inner_(memory_stream(std::move(bytes))), fails_(fails) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = inner_->read(into);
    if (n == 0 && fails_) throw Error(Status::corrupt, "the source is broken");
    return n;
  }

 private:
  std::unique_ptr<Stream> inner_;
  bool fails_;
};

/// A file whose bytes turn out to be wrong.
class BadFile final : public Stream {
 public:
  explicit BadFile(std::unique_ptr<Stream> inner) : inner_(std::move(inner)) {}
  size_t read(std::span<std::byte>) override { throw Error(Status::corrupt, "wrong digest"); }
  std::int64_t size() const override { return inner_->size(); }
  int fd() const override { return inner_->fd(); }

 private:
  std::unique_ptr<Stream> inner_;
};

std::unique_ptr<Stream> file_of(const TempFolder& folder, const std::string& bytes) {
  replace_file(folder.fd.get(), "blob", bytes);
  return file_stream(open_at(folder.fd.get(), "blob", O_RDONLY), "blob");
}

}  // namespace

TEST_CASE("a blob goes out in one PATCH, and its address afterwards is the repository") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("team/app:1"));
  const std::string bytes = much(3'000'000);
  const Blob written = put(*to, bytes);
  CHECK(*written.digest == digest_of(bytes));
  CHECK(written.size == 3'000'000);
  CHECK(written.location == registry.address() + "/team/app");
  CHECK(registry.blob(digest_of(bytes)) == bytes);
  CHECK(registry.count("PATCH") == 1);
  CHECK(registry.count("PUT") == 1);
  CHECK(registry.open_uploads() == 0);
}

TEST_CASE("a file goes out through the kernel, whatever its size") {
  PlainHost host;
  FakeRegistry registry;
  const TempFolder folder;
  const auto to = destination(host, registry.name("app:1"));
  for (const size_t size : {0, 1, 100'000, 262'144, 262'145, 5'000'000}) {
    const std::string bytes = much(size);
    const auto stream = file_of(folder, bytes);
    CHECK(to->put_blob(blob_of(bytes), *stream).size == static_cast<std::int64_t>(size));
    CHECK(registry.blob(digest_of(bytes)) == bytes);
  }
}

TEST_CASE("without a known size the blob goes in chunks and is hashed on the way") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("app:1"));
  const std::string bytes = much(1'000'000);
  OddStream stream(bytes, false);
  const Blob written = to->put_blob(Blob(), stream);
  CHECK(*written.digest == digest_of(bytes));
  CHECK(written.size == 1'000'000);
  CHECK(registry.has_blob("app", digest_of(bytes)));
}

TEST_CASE("a stream that ends badly leaves no blob and no open upload") {
  PlainHost host;
  FakeRegistry registry;
  const TempFolder folder;
  const auto to = destination(host, registry.name("app:1"));
  const std::string bytes = much(1'000'000);
  OddStream odd(bytes, true);
  CHECK(status_of([&] { to->put_blob(blob_of(bytes), odd); }) == Status::corrupt);
  BadFile bad(file_of(folder, bytes));
  CHECK(status_of([&] { to->put_blob(blob_of(bytes), bad); }) == Status::corrupt);
  CHECK_FALSE(registry.has_blob("app", digest_of(bytes)));
  CHECK(registry.open_uploads() == 0);
  CHECK(registry.count("PUT") == 0);
  put(*to, bytes);
  CHECK(registry.has_blob("app", digest_of(bytes)));
}

TEST_CASE("a blob that is there is not sent again") {
  PlainHost host;
  FakeRegistry registry;
  const Digest digest = registry.add_blob("app", "there");
  const auto to = destination(host, registry.name("app:1"));
  Reuse want;
  want.blob = blob_of("there");
  const auto used = to->try_reuse(want);
  REQUIRE(used);
  CHECK(*used->digest == digest);
  CHECK(used->size == 5);
  want.blob = blob_of("elsewhere");
  CHECK_FALSE(to->try_reuse(want));
}

TEST_CASE("a blob of another repository of the same registry is mounted") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_blob("base/os", "layer");
  Reuse want;
  want.blob = blob_of("layer");
  want.blob.location = registry.address() + "/base/os";
  auto used = destination(host, registry.name("app:1"))->try_reuse(want);
  REQUIRE(used);
  CHECK(registry.has_blob("app", digest_of("layer")));
  want.blob.location = "";
  want.candidates = {blob_of("layer")};
  want.candidates[0].location = "base/os";
  used = destination(host, registry.name("app2:1"))->try_reuse(want);
  REQUIRE(used);
  CHECK(registry.has_blob("app2", digest_of("layer")));
  want.candidates[0].size = -1;  // as the cache of blobs knows it
  used = destination(host, registry.name("app3:1"))->try_reuse(want);
  REQUIRE(used);
  CHECK(used->size == 5);
  CHECK(registry.has_blob("app3", digest_of("layer")));
  CHECK(registry.bytes_received() == 0);
}

TEST_CASE("a preview mounts nothing and says from where it would") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_blob("base/os", "layer");
  const auto to = docker::Reference::parse(registry.name("app:1"))->open_preview(host.host());
  Reuse want;
  want.blob = blob_of("layer");
  CHECK_FALSE(to->try_reuse(want));
  want.blob.location = "base/os";
  const auto used = to->try_reuse(want);
  REQUIRE(used);
  CHECK(used->location == registry.address() + "/base/os");
  CHECK_FALSE(registry.has_blob("app", digest_of("layer")));
  CHECK(registry.open_uploads() == 0);
}

TEST_CASE("a mount that is not possible leaves no open upload and is no error") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("app:1"));
  Reuse want;
  want.blob = blob_of("layer");
  for (const char* location : {"no/such", "other.example.com/base", "../../etc", "a?b=c", ""}) {
    want.blob.location = location;
    CHECK_FALSE(to->try_reuse(want));
  }
  CHECK(registry.open_uploads() == 0);
}

TEST_CASE("a candidate is used only in the compression that is required") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_blob("app", "zipped");
  const auto to = destination(host, registry.name("app:1"));
  Reuse want;
  want.blob = blob_of("plain");
  want.candidates = {blob_of("zipped")};
  want.candidates[0].compression = "gzip";
  want.compression = "zstd";
  CHECK_FALSE(to->try_reuse(want));
  want.compression = "gzip";
  const auto used = to->try_reuse(want);
  REQUIRE(used);
  CHECK(*used->digest == digest_of("zipped"));
}

TEST_CASE("manifests are written by digest and by tag") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("app:1"));
  to->put_manifest(digest_of(kImage.data), kImage);
  to->put_manifest(std::nullopt, kImage);
  CHECK_FALSE(to->commit(kImage));
  CHECK(registry.manifest("app", "1")->label == kImage.label);
  CHECK(registry.manifest("app", digest_of(kImage.data).str())->data == kImage.data);
}

TEST_CASE("a destination by digest takes the manifest of that digest and no other") {
  PlainHost host;
  FakeRegistry registry;
  const std::string digest = digest_of(kImage.data).str();
  const auto to = destination(host, registry.name("app@" + digest));
  to->put_manifest(std::nullopt, kImage);
  CHECK(registry.manifest("app", digest));
  CHECK(status_of([&] {
          to->put_manifest(std::nullopt, {kImage.label, "{}"});
        }) == Status::invalid);
}

TEST_CASE("only a refusal of the kind of manifest asks for another kind") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("app:1"));
  int answer = 0;
  std::string text;
  registry.judge = [&](const std::string&, const Item&) { return std::pair(answer, text); };
  const auto status = [&](int code, const std::string& body) {
    answer = code;
    text = body;
    return status_of([&] { to->put_manifest(std::nullopt, kImage); });
  };
  const auto error = [](const std::string& code, const std::string& message) {
    return R"({"errors":[{"code":")" + code + R"(","message":")" + message + R"("}]})";
  };
  CHECK(status(400, error("MANIFEST_INVALID", "no")) == Status::manifest_rejected);
  CHECK(status(400, error("TAG_INVALID", "no")) == Status::manifest_rejected);
  CHECK(status(405, error("UNSUPPORTED", "Invalid JSON syntax")) == Status::manifest_rejected);
  CHECK(status(415, "") == Status::manifest_rejected);
  CHECK(status(400, error("MANIFEST_BLOB_UNKNOWN", "no")) == Status::invalid);
  CHECK(status(403, error("DENIED", "no")) == Status::denied);
  CHECK(status(413, "") == Status::invalid);
}

TEST_CASE("a manifest that is there is not written again") {
  PlainHost host;
  FakeRegistry registry;
  const auto to = destination(host, registry.name("app:1"));
  to->put_manifest(std::nullopt, kImage);
  to->put_manifest(std::nullopt, kImage);
  CHECK(registry.count("PUT", "/manifests/") == 1);
  to->put_manifest(std::nullopt, {kImage.label, "{}"});
  CHECK(registry.manifest("app", "1")->data == "{}");
}

TEST_CASE("layers are mounted from the repositories that the user names") {
  PlainHost host;
  host.options["docker.mount-from"] = "no/such, base/os";
  FakeRegistry registry;
  registry.add_blob("base/os", "layer");
  Reuse want;
  want.blob = blob_of("layer");
  CHECK(destination(host, registry.name("app:1"))->try_reuse(want));
  CHECK(registry.open_uploads() == 0);
}

TEST_CASE("a tag is removed alone, whatever the registry can do, and a digest with its tags") {
  PlainHost host;
  FakeRegistry registry;
  for (const char* tag : {"1", "2", "3"}) registry.add_manifest("app", tag, kImage);
  registry.deletes_tags = true;
  const auto first = docker::Reference::parse(registry.name("app:1"));
  CHECK(status_of([&] { first->remove(host.host(), SEALOS_REMOVE_ONLY_INDEX); }) ==
        Status::invalid);
  CHECK(registry.manifest("app", "1"));
  first->remove(host.host());
  registry.deletes_tags = false;
  docker::Reference::parse(registry.name("app:2"))->remove(host.host());
  CHECK_FALSE(registry.manifest("app", "1"));
  CHECK_FALSE(registry.manifest("app", "2"));
  CHECK(registry.manifest("app", "3")->data == kImage.data);
  const std::string digest = digest_of(kImage.data).str();
  docker::Reference::parse(registry.name("app@" + digest))->remove(host.host());
  CHECK_FALSE(registry.manifest("app", "3"));
  const auto gone = docker::Reference::parse(registry.name("app:1"));
  CHECK(status_of([&] { gone->remove(host.host()); }) == Status::not_found);
}

TEST_CASE("a tag that cannot be removed keeps its image") {
  PlainHost host;
  FakeRegistry registry;
  registry.add_manifest("app", "1", kImage);
  registry.before = [](Served& request) {
    if (request.method != "DELETE") return false;
    request.reply(405);
    return true;
  };
  const auto tag = docker::Reference::parse(registry.name("app:1"));
  CHECK(status_of([&] { tag->remove(host.host()); }) == Status::unsupported);
  CHECK(registry.manifest("app", "1")->data == kImage.data);
}
