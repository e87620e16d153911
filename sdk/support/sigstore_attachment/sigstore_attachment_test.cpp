#include "support/sigstore_attachment/sigstore_attachment.hpp"

#include <doctest/doctest.h>

#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"

using namespace sealos;

namespace {

const char* const kType = "application/vnd.dev.cosign.simplesigning.v1+json";

AttachedSignature signature(const std::string& payload, const std::string& by = "s") {
  return {kType, payload, {{"dev.cosignproject.cosign/signature", by}}};
}

}  // namespace

TEST_CASE("the tag is made from the image's digest") {
  CHECK(attachment_tag(Digest::require("sha256:" + std::string(64, 'a'))) ==
        "sha256-" + std::string(64, 'a') + ".sig");
}

TEST_CASE("a signature is the same in an image of its own and elsewhere") {
  const Item item = signature("what is signed").item();
  CHECK(item.label == "sigstore-json");
  CHECK(item.data == R"({"mimeType":")" + std::string(kType) + R"(","payload":")" +
                         encode_base64("what is signed") +
                         R"(","annotations":{"dev.cosignproject.cosign/signature":"s"}})");
  const AttachedSignature again = AttachedSignature::parse(item);
  CHECK(again.payload == "what is signed");
  CHECK(again.media_type == kType);
  CHECK(again.annotations == signature("").annotations);
  for (const char* text : {"", "{}", R"({"mimeType":"x","payload":"*"})",
                           R"({"mimeType":"x","payload":"","annotations":{"a":1}})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(AttachedSignature::parse({"sigstore-json", text}), Error);
  }
}

TEST_CASE("signatures are added beside those that are there, each once") {
  Attachment attachment;
  CHECK_FALSE(attachment.has(signature("one")));
  attachment.add(signature("one"));
  Attachment read(attachment.manifest());
  CHECK(read.has(signature("one")));
  CHECK_FALSE(read.has(signature("one", "other")));
  read.add(signature("two"));
  const Item manifest = read.manifest();
  const Attachment both(manifest);
  REQUIRE(both.layers().size() == 2);
  CHECK(both.layers()[0].digest == digest_of("one"));
  CHECK(both.layers()[1].digest == digest_of("two"));
  CHECK(both.layers()[1].size == 3);
  CHECK(both.config() == R"({"architecture":"","os":"","config":{},"rootfs":{"type":"layers",)"
                         R"("diff_ids":[")" +
                             digest_of("one").str() + R"(",")" + digest_of("two").str() + "\"]}}");
  CHECK(Json::parse(manifest.data).at("config").text_at("digest") ==
        digest_of(both.config()).str());
}

TEST_CASE("what holds no signatures is refused") {
  const std::string type = Attachment().manifest().label;
  CHECK_THROWS_AS(Attachment({"application/vnd.oci.image.index.v1+json", "{}"}), Error);
  CHECK_THROWS_AS(Attachment({type, "{}"}), Error);
  CHECK_THROWS_AS(Attachment({type, R"({"layers":[{"digest":"sha256:../..","size":1}]})"}), Error);
}
