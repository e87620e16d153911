#include "core/manifest/schema1.hpp"

#include <doctest/doctest.h>

#include "core/manifest/jws_key.hpp"
#include "core/manifest/manifest.hpp"
#include "core/manifest/schema1_signature.hpp"
#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"

using namespace sealos;

namespace {

Digest blob_name(char c) { return Digest::require("sha256:" + std::string(64, c)); }

const std::string kSteps =
    R"({"architecture":"arm64","config":{"Cmd":["/app"]},"created":"2024-01-02T03:04:05Z",)"
    R"("history":[{"created":"2024-01-01T00:00:00Z","created_by":"ADD base"},)"
    R"({"created":"2024-01-02T00:00:00Z","created_by":"CMD [\"/app\"]","empty_layer":true},)"
    R"({"created":"2024-01-02T03:04:05Z","created_by":"COPY app /","comment":"why"}],)"
    R"("os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:)" +
    std::string(64, '1') + R"(","sha256:)" + std::string(64, '2') + R"("]}})";

Schema1 chain() { return schema1_of(kSteps, {blob_name('a'), blob_name('b')}, "team/app", "1"); }

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("an image becomes schema 1 with an empty layer where its history has one") {
  const Schema1 made = chain();
  CHECK(made.architecture == "arm64");
  REQUIRE(made.entries.size() == 3);
  CHECK(made.entries[0].blob == blob_name('a'));
  CHECK(made.entries[1].blob.str() == kEmptyLayerDigest);
  CHECK(made.entries[1].throwaway);
  CHECK(made.entries[2].blob == blob_name('b'));
  CHECK(digest_of(kEmptyLayer).str() == kEmptyLayerDigest);
  const Json top = Json::parse(made.entries[2].compatibility);
  CHECK(top.find("rootfs") == nullptr);
  CHECK(top.at("config").find("Cmd") != nullptr);
  CHECK(top.text_at("parent") == Json::parse(made.entries[1].compatibility).text_at("id"));
}

TEST_CASE("schema 1 and back is the same config") {
  const Manifest manifest = Manifest::parse(schema1_item(chain(), ManifestKind::schema1_signed));
  REQUIRE(manifest.schema1() != nullptr);
  CHECK(manifest.is_image());
  CHECK(manifest.layers().size() == 2);
  CHECK(manifest.layers()[1].digest == blob_name('b'));
  CHECK(manifest.layers()[1].size == -1);
  const Json back = Json::parse(config_of(*manifest.schema1(), {blob_name('1'), blob_name('2')}));
  const Json original = Json::parse(kSteps);
  for (const char* member : {"architecture", "config", "created", "os"}) {
    CHECK(back.at(member) == original.at(member));
  }
  CHECK(back.at("rootfs").at("diff_ids") == original.at("rootfs").at("diff_ids"));
  const auto& history = back.at("history").items("history");
  REQUIRE(history.size() == 3);
  CHECK(history[0].text_at("created_by") == "ADD base");
  CHECK(history[1].at("empty_layer").boolean("empty_layer"));
  CHECK(back.find("id") == nullptr);
  CHECK(back.find("parent") == nullptr);
}

TEST_CASE("the digest of a signed manifest is that of what was signed") {
  const std::string text = chain().dump();
  const Manifest one = Manifest::parse(schema1_item(chain(), ManifestKind::schema1_signed));
  const Manifest two = Manifest::parse(schema1_item(chain(), ManifestKind::schema1_signed));
  CHECK(one.bytes() != two.bytes());
  CHECK(one.digest() == two.digest());
  CHECK(one.digest() == digest_of(text));
  CHECK(one.named_bytes() == text);
  CHECK(Manifest::parse({"", text}).kind() == ManifestKind::schema1);
}

TEST_CASE("a signature that does not fit its text is refused") {
  const std::string text = sign_payload(chain().dump());
  CHECK_THROWS_WITH_AS(Manifest::parse({"", changed(text, "team/app", "evil/app")}),
                       doctest::Contains("signature is wrong"), Error);
  CHECK_THROWS_AS(Manifest::parse({"", changed(text, "ES256", "none")}), Error);
  CHECK_THROWS_AS(Manifest::parse({"", changed(text, "ES256", "RS256")}), Error);
  CHECK_THROWS_AS(Manifest::parse({"", changed(text, "P-256", "P-999")}), Error);
  CHECK_THROWS_AS(Manifest::parse({"", changed(text, R"("protected":")", R"("protected":"!)")}),
                  Error);
  const std::string payload = chain().dump();
  CHECK_THROWS_AS(
      Manifest::parse({"", payload.substr(0, payload.size() - 1) + R"(,"signatures":[]})"}), Error);
}

TEST_CASE("an indented text is signed and read like any other") {
  const std::string payload = "{\n   \"name\": \"a\",\n   \"schemaVersion\": 1\n}";
  const std::string text = sign_payload(payload);
  CHECK(signed_payload(text, Json::parse(text)) == payload);
}

TEST_CASE("keys have docker's kind of name") {
  const Json jwk = JwsKey::generate().jwk();
  const std::string id = jwk.text_at("kid");
  CHECK(id.size() == 12 * 5 - 1);
  CHECK(id[4] == ':');
  CHECK(decode_base64url(jwk.text_at("x"))->size() == 32);
}

TEST_CASE("chains that do not hold together are refused") {
  const auto entry = [](const std::string& id, const std::string& parent) {
    return "{\"v1Compatibility\":\"{\\\"id\\\":\\\"" + std::string(64, id[0]) + "\\\"" +
           (parent.empty() ? "" : ",\\\"parent\\\":\\\"" + std::string(64, parent[0]) + "\\\"") +
           "}\"}";
  };
  const auto manifest = [](const std::vector<std::string>& history, size_t layers) {
    std::string list, blobs;
    for (const std::string& one : history) list += (list.empty() ? "" : ",") + one;
    for (size_t i = 0; i < layers; ++i) {
      blobs += std::string(i == 0 ? "" : ",") + R"({"blobSum":")" + blob_name('a').str() + "\"}";
    }
    return R"({"schemaVersion":1,"fsLayers":[)" + blobs + R"(],"history":[)" + list + "]}";
  };
  CHECK(Manifest::parse({"", manifest({entry("b", "a"), entry("a", "")}, 2)}).layers().size() == 2);
  // Old daemons wrote layers twice.
  CHECK(Manifest::parse({"", manifest({entry("b", "a"), entry("b", "a"), entry("a", "")}, 3)})
            .layers()
            .size() == 2);
  for (const std::string& bad :
       {manifest({}, 0), manifest({entry("a", "")}, 2), manifest({entry("a", "b")}, 1),
        manifest({entry("b", "c"), entry("a", "")}, 2),
        manifest({entry("a", "b"), entry("b", "a"), entry("a", "")}, 3),
        manifest({R"({"v1Compatibility":"{}"})"}, 1),
        manifest({R"({"v1Compatibility":"no JSON"})"}, 1)}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(Manifest::parse({"", bad}), Error);
  }
}

TEST_CASE("images that schema 1 cannot describe") {
  CHECK(obstacle_to_schema1(R"({"os":"linux"})", 1).find("none") != std::string::npos);
  CHECK(obstacle_to_schema1(kSteps, 3).find("one of 2") != std::string::npos);
  CHECK(obstacle_to_schema1(kSteps, 2).empty());
}
