#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "lookaside.hpp"
#include "support/base64/base64.hpp"
#include "support/json/json.hpp"
#include "support/sigstore_attachment/sigstore_attachment.hpp"
#include "support/testing/temp_folder.hpp"
#include "testing/image.hpp"

namespace fs = std::filesystem;
using namespace sealos;
using namespace sealos::testing;

namespace {

Item simple(const std::string& text) { return {"simple-signing", "\x90" + text}; }

Item sigstore(const std::string& payload, const std::string& by = "c2ln") {
  return AttachedSignature{"application/vnd.dev.cosign.simplesigning.v1+json",
                           payload,
                           {{"dev.cosignproject.cosign/signature", by}}}
      .item();
}

std::vector<std::string> texts(const std::vector<Item>& items) {
  std::vector<std::string> out;
  for (const Item& item : items) out.push_back(item.data);
  return out;
}

/// An image "team/app:1" whose signatures are in a folder.
struct Signed {
  Signed() {
    registry.add_manifest("team/app", "1", kImage);
    host.signatures = {"file://" + folder.str("s") + "/team/app",
                       "file://" + folder.str("s") + "/team/app", true, false};
  }
  std::vector<Item> read() {
    const auto from = source(host, registry.name("team/app:1"));
    from->read_manifest(std::nullopt);
    return from->read_signatures(std::nullopt);
  }
  void write(const std::vector<Item>& items) {
    const auto to = destination(host, registry.name("team/app:1"));
    to->put_manifest(std::nullopt, kImage);
    to->put_signatures(std::nullopt, items);
    to->commit(kImage);
  }
  fs::path place() const {
    return folder.path / "s/team" / ("app@sha256=" + std::string(digest_of(kImage.data).hex()));
  }

  /// That name the folder.
  long warnings() const {
    return std::count_if(host.logs.begin(), host.logs.end(), [&](const std::string& line) {
      return line.find(place()) != std::string::npos;
    });
  }

  TempFolder folder;
  PlainHost host;
  FakeRegistry registry;
};

/// OpenShift's extension.
void serve_extension(FakeRegistry& registry, std::vector<std::string>& stored) {
  registry.before = [&stored](Served& request) {
    if (request.path() == "/v2/") {
      http::Headers fields;
      fields.add("X-Registry-Supports-Signatures", "1");
      request.reply(200, fields, "{}");
      return true;
    }
    const std::string place = "/extensions/v2/team/app/signatures/" + digest_of(kImage.data).str();
    if (request.path() != place) return false;
    if (request.method == "PUT") {
      stored.push_back(request.read_body());
      request.reply(201);
      return true;
    }
    std::string list = R"({"schemaVersion":1,"type":"atomic","content":"!"})";
    for (const std::string& one : stored) list += "," + one;
    request.reply(200, {}, R"({"signatures":[)" + list + "]}");
    return true;
  };
}

}  // namespace

TEST_CASE("signatures are files beside one another, and each is added once") {
  Signed at;
  CHECK(at.read().empty());
  at.write({simple("one"), simple("two")});
  CHECK(fs::exists(at.place() / "signature-1"));
  at.write({simple("two"), simple("three")});
  CHECK(texts(at.read()) == std::vector<std::string>{"\x90one", "\x90two", "\x90three"});
  CHECK(at.read()[0].label == "simple-signing");
  CHECK(at.warnings() == 0);
}

TEST_CASE("signatures of an image in an index are found by its digest") {
  Signed at;
  const auto to = destination(at.host, at.registry.name("team/app:1"));
  const Digest instance = digest_of("instance");
  to->put_signatures(instance, {simple("of an instance")});
  const auto from = source(at.host, at.registry.name("team/app:1"));
  CHECK(from->read_signatures(instance).size() == 1);
  CHECK(from->read_signatures(digest_of("other")).empty());
}

TEST_CASE("several writers at a time lose none of their signatures") {
  Signed at;
  std::vector<std::thread> writers;
  for (const char* name : {"a", "b", "c", "d", "e", "f"})
    writers.emplace_back([&at, name] { at.write({simple(name)}); });
  for (std::thread& writer : writers) writer.join();
  CHECK(at.read().size() == 6);
  for (const auto& entry : fs::directory_iterator(at.place()))
    CHECK(entry.path().filename().string().starts_with("signature-"));
}

TEST_CASE("a place that nobody configured is named, since nobody looks there") {
  Signed at;
  at.host.signatures->configured = false;
  at.write({simple("one")});
  CHECK(at.warnings() == 1);
}

TEST_CASE("what cannot be written is refused beforehand") {
  Signed at;
  const auto why_not = [&](const char* format) {
    const auto to = destination(at.host, at.registry.name("team/app:1"));
    return status_of([&] { to->check_signatures(format); });
  };
  CHECK(why_not("simple-signing") == Status::ok);
  CHECK(why_not("sigstore-json") == Status::unsupported);
  CHECK(why_not("something else") == Status::unsupported);
  at.host.signatures->attachments = true;
  CHECK(why_not("sigstore-json") == Status::ok);
  at.host.signatures->write = "https://example.com/s/team/app";
  CHECK(why_not("simple-signing") == Status::unsupported);
  std::ofstream(at.folder.path / "file") << "no folder";
  at.host.signatures->write = "file://" + at.folder.str("file/s/team/app");
  CHECK(why_not("simple-signing") == Status::io);
  at.host.signatures.reset();
  CHECK(why_not("simple-signing") == Status::unsupported);
}

TEST_CASE("signatures are read from web servers, until one is not there") {
  Signed at;
  FakeRegistry web;
  std::atomic<int> status = 404;
  std::atomic<size_t> count = 2;
  const std::string start = "/s/team/app@sha256=" + std::string(digest_of(kImage.data).hex());
  web.before = [&](Served& request) {
    for (size_t i = 1; i <= count; ++i) {
      if (request.path() != start + "/signature-" + std::to_string(i)) continue;
      CHECK_FALSE(request.headers.find("Authorization"));
      request.reply(200, {}, "\x90" + std::to_string(i));
      return true;
    }
    request.reply(status);
    return true;
  };
  at.host.options["retry"] = "0";
  at.host.credentials = sdk::Credentials{"u", "p", "", ""};
  at.host.signatures->read = "http://" + web.address() + "/s/team/app";
  CHECK(texts(at.read()) == std::vector<std::string>{"\x90"
                                                     "1",
                                                     "\x90"
                                                     "2"});
  status = 503;
  CHECK(status_of([&] { at.read(); }) == Status::unavailable);
  status = 404;
  count = 200;
  CHECK(status_of([&] { at.read(); }) == Status::invalid);
}

TEST_CASE("a registry that stores signatures itself is given them") {
  std::vector<std::string> stored;
  Signed at;
  serve_extension(at.registry, stored);
  CHECK(at.read().empty());
  at.write({simple("one")});
  at.write({simple("one"), simple("two")});
  CHECK(texts(at.read()) == std::vector<std::string>{"\x90one", "\x90two"});
  CHECK_FALSE(fs::exists(at.place()));
  REQUIRE(stored.size() == 2);
  const Json one = Json::parse(stored[0]);
  CHECK(one.at("schemaVersion").integer("") == 2);
  CHECK(one.text_at("type") == "atomic");
  CHECK(one.text_at("name").starts_with(digest_of(kImage.data).str() + "@"));
  CHECK(one.text_at("name").size() == digest_of(kImage.data).str().size() + 33);
  CHECK(decode_base64(one.text_at("content")) == "\x90one");
}

TEST_CASE("sigstore signatures are an image beside the image, where that is configured") {
  Signed at;
  at.host.signatures->attachments = true;
  CHECK(at.read().empty());
  at.write({sigstore("p1"), simple("one")});
  at.write({sigstore("p1"), sigstore("p2")});
  const std::string tag = attachment_tag(digest_of(kImage.data));
  REQUIRE(at.registry.manifest("team/app", tag));
  CHECK(texts(at.read()) ==
        std::vector<std::string>{"\x90one", sigstore("p1").data, sigstore("p2").data});
  const Attachment attachment(*at.registry.manifest("team/app", tag));
  CHECK(at.registry.has_blob("team/app", digest_of(attachment.config())));
  at.host.signatures->attachments = false;
  CHECK(texts(at.read()) == std::vector<std::string>{"\x90one"});
}

TEST_CASE("what is no good as an attached signature is an error, and nothing is made of it") {
  Signed at;
  at.host.signatures->attachments = true;
  at.write({sigstore("payload")});
  const std::string tag = attachment_tag(digest_of(kImage.data));
  const Item good = *at.registry.manifest("team/app", tag);
  const auto with = [&](const std::string& from, const std::string& to) {
    Item bad = good;
    bad.data.replace(bad.data.find(from), from.size(), to);
    at.registry.add_manifest("team/app", tag, bad);
    return status_of([&] { at.read(); });
  };
  const std::string digest = digest_of("payload").str();
  CHECK(with(digest, "sha256:" + std::string(64, '0')) == Status::not_found);
  CHECK(with(digest, "sha256:../../../etc/passwd") == Status::invalid);
  CHECK(with("\"size\":7", "\"size\":70000000") == Status::invalid);
  CHECK(with("\"size\":7", "\"size\":-7") == Status::invalid);
  at.registry.add_manifest("team/app", tag, {"application/vnd.oci.image.index.v1+json", "{}"});
  CHECK(status_of([&] { at.read(); }) == Status::invalid);
  at.registry.add_manifest("team/app", tag, good);
  {
    const std::lock_guard lock(at.registry.mutex);
    at.registry.blobs_by_digest[digest] = "PAYLOAD";
  }
  CHECK(status_of([&] { at.read(); }) == Status::corrupt);
}
