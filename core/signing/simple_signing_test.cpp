#include "core/signing/simple_signing.hpp"

#include <doctest/doctest.h>

using namespace sealos;
using namespace sealos::signing;

namespace {

const Digest kDigest = Digest::require("sha256:" + std::string(64, 'a'));

std::string with(const std::string& critical, const std::string& optional) {
  return R"({"critical":)" + critical + R"(,"optional":)" + optional + "}";
}
const std::string kCritical =
    R"({"identity":{"docker-reference":"example.com/a:1"},"image":{"docker-manifest-digest":")" +
    kDigest.str() + R"("},"type":"atomic container signature"})";

}  // namespace

TEST_CASE("a payload is written as the peers write it, and read again") {
  const std::string text = make_payload({"example.com/a:1", kDigest}, "sealos 1", 1795403595);
  CHECK(text == with(kCritical, R"({"creator":"sealos 1","timestamp":1795403595})"));
  const Payload payload = parse_payload(text);
  CHECK(payload.reference == "example.com/a:1");
  CHECK(payload.manifest == kDigest);
}

TEST_CASE("white space and further optional members change nothing") {
  CHECK_NOTHROW(parse_payload(" " + with(kCritical, " {} ")));
  CHECK_NOTHROW(parse_payload(with(kCritical, R"({"mine":[1]})")));
}

TEST_CASE("a payload that is not exactly of the format is refused") {
  std::string other_type = kCritical;
  other_type.replace(other_type.find("atomic"), 6, "cosign");
  std::string more = kCritical;
  more.insert(1, R"("more":1,)");
  std::string bad_digest = kCritical;
  bad_digest.replace(bad_digest.find("sha256:"), 7, "sha999:");
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), std::string(""), with(kCritical, "null"),
        with(kCritical, R"({"timestamp":1.5})"), with(kCritical, R"({"creator":1})"),
        with("{}", "{}"), with(other_type, "{}"), with(more, "{}"), with(bad_digest, "{}"),
        R"({"more":1,"critical":)" + kCritical + R"(,"optional":{}})",
        R"({"critical":)" + kCritical + R"(,"critical":)" + kCritical + R"(,"optional":{}})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_payload(text), Error);
  }
}

TEST_CASE("a stored signature is recognised by how OpenPGP messages start") {
  CHECK(is_simple_signature("\xa3\x01"));
  CHECK(is_simple_signature("\x90\x0d"));
  CHECK_FALSE(is_simple_signature(""));
  CHECK_FALSE(is_simple_signature("-----BEGIN PGP MESSAGE-----"));
  CHECK_FALSE(is_simple_signature(std::string_view("\0sigstore-json\n{}", 17)));
}
