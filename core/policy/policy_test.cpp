#include "core/policy/policy.hpp"

#include <doctest/doctest.h>

#include "core/config/test_environment.hpp"

using sealos::Error;
using sealos::Status;
using sealos::config::TestEnvironment;
using sealos::policy::Policy;
using sealos::policy::PolicyImage;

namespace {

const std::string kAccept = R"([{"type":"insecureAcceptAnything"}])";
const std::string kReject = R"([{"type":"reject"}])";

PolicyImage image(const std::string& transport = "docker") {
  return {transport, transport + "://h.x/a/b:1", "h.x/a/b:1", {"h.x/a/b", "h.x/a", "h.x", "*.x"}};
}

std::string verdict(const Policy& policy, const PolicyImage& of) {
  try {
    policy.require_allowed(of);
  } catch (const Error& e) {
    CHECK(e.status() == Status::denied);
    return e.message();
  }
  return "allowed";
}

bool allowed(const std::string& text, const PolicyImage& of = image()) {
  return verdict(Policy::parse("p.json", text), of) == "allowed";
}

std::string with_scopes(const std::string& scopes) {
  return R"({"default":)" + kReject + R"(,"transports":{"docker":{)" + scopes + "}}}";
}

std::string refusal(const std::string& text) {
  try {
    Policy::parse("/some/policy.json", text);
  } catch (const Error& e) {
    CHECK(e.status() == Status::invalid);
    CHECK(e.message().find("/some/policy.json") != std::string::npos);
    return e.message();
  }
  return "(nothing thrown)";
}

std::string requirement(const std::string& members) { return R"({"default":[{)" + members + "}]}"; }

}  // namespace

TEST_CASE("the default applies where a transport has nothing of its own") {
  CHECK(allowed(R"({"default":)" + kAccept + "}"));
  CHECK_FALSE(allowed(R"({"default":)" + kReject + "}"));
  CHECK(allowed(R"({"default":)" + kAccept + R"(,"transports":{"dir":{"":)" + kReject + "}}}"));
  CHECK_FALSE(allowed(R"({"default":)" + kAccept + R"(,"transports":{"dir":{"":)" + kReject + "}}}",
                      image("dir")));
}

TEST_CASE("the narrowest scope counts: the image, its namespaces, the transport") {
  CHECK(allowed(with_scopes("\"\":" + kAccept)));
  CHECK(allowed(with_scopes("\"*.x\":" + kAccept + ",\"\":" + kReject)));
  CHECK(allowed(with_scopes("\"h.x\":" + kAccept + ",\"*.x\":" + kReject)));
  CHECK(allowed(with_scopes("\"h.x/a/b:1\":" + kAccept + ",\"h.x/a/b\":" + kReject)));
  CHECK_FALSE(allowed(with_scopes("\"h.x/a/b\":" + kReject + ",\"h.x/a\":" + kAccept)));
  CHECK_FALSE(allowed(with_scopes("\"other.x\":" + kAccept)));
}

TEST_CASE("an image without an identity has the transport's default") {
  const PolicyImage nameless{"docker-archive", "docker-archive:/a.tar", "", {}};
  CHECK(allowed(
      R"({"default":)" + kReject + R"(,"transports":{"docker-archive":{"":)" + kAccept + "}}}",
      nameless));
}

TEST_CASE("all requirements of a list have to hold") {
  CHECK_FALSE(allowed(R"({"default":[{"type":"insecureAcceptAnything"},{"type":"reject"}]})"));
  CHECK(allowed(
      R"({"default":[{"type":"insecureAcceptAnything"},{"type":"insecureAcceptAnything"}]})"));
}

TEST_CASE("a refusal names image, file and place") {
  CHECK(verdict(Policy::parse("/p.json", with_scopes("\"h.x/a\":" + kReject)), image()) ==
        "image docker://h.x/a/b:1 is rejected by signature policy: h.x/a of transport docker in "
        "/p.json");
}

TEST_CASE("what needs a signature is refused without one") {
  for (const char* members :
       {R"("type":"signedBy","keyType":"GPGKeys","keyPath":"/k")",
        R"("type":"signedBy","keyType":"GPGKeys","keyPaths":["/k"],)"
        R"("signedIdentity":{"type":"remapIdentity","prefix":"a.x","signedPrefix":"b.x"})",
        R"("type":"signedBy","keyType":"GPGKeys","keyData":"aw==",)"
        R"("signedIdentity":{"type":"exactReference","dockerReference":"h.x/a:1"})",
        R"("type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"})",
        R"("type":"sigstoreSigned","keyPath":"/k","signedIdentity":{"type":"matchRepository"})",
        R"("type":"sigstoreSigned","keyDatas":["aw=="],"rekorPublicKeyPath":"/r")",
        R"("type":"sigstoreSigned","pki":{"caRootsPath":"/c","subjectEmail":"e"})",
        R"("type":"sigstoreSigned","fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"},)"
        R"("rekorPublicKeyData":"aw==")"}) {
    CAPTURE(members);
    const Policy policy = Policy::parse("/p.json", requirement(members));
    CHECK(policy.wants_signatures(image()));
    const sealos::policy::SignedImage unsigned_image{
        std::nullopt, sealos::Digest::require("sha256:" + std::string(64, 'a')), {}};
    sealos::policy::KeyRings rings("/tmp");
    CHECK_THROWS_AS(policy.require_signed(image(), unsigned_image, rings), Error);
  }
}

TEST_CASE("what is not understood is refused, naming the file") {
  for (const std::string& text : std::vector<std::string>{
           "",
           "{",
           "[]",
           "{}",
           R"({"default":[]})",
           R"({"default":{}})",
           R"({"default":[1]})",
           R"({"default":[{}]})",
           R"({"default":[{"type":"x"}]})",
           R"({"default":[{"type":"reject","x":1}]})",
           R"({"default":)" + kAccept + R"(,"x":1})",
           R"({"default":)" + kAccept + R"(,"transports":[]})",
           R"({"default":)" + kAccept + R"(,"transports":{"docker":{"a":[]}}})",
           R"({"default":)" + kAccept + R"(,"default":)" + kAccept + "}",
           requirement(R"("type":"signedBy","keyType":"GPGKeys")"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPath":"a","keyData":"b")"),
           requirement(R"("type":"signedBy","keyType":"x","keyPath":"a")"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPath":1)"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPath":"")"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPaths":[])"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPath":"a",)"
                       R"("signedIdentity":{"type":"x"})"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPath":"a",)"
                       R"("signedIdentity":{"type":"exactReference","dockerReference":"h.x/a"})"),
           requirement(R"("type":"signedBaseLayer")"),
           requirement(R"("type":"sigstoreSigned")"),
           requirement(R"("type":"sigstoreSigned","keyPath":"a","keypath":"b")"),
           requirement(R"("type":"sigstoreSigned","fulcio":{"caPath":"/c","oidcIssuer":"i"})"),
           requirement(R"("type":"sigstoreSigned","pki":{"caRootsPath":"/c"})"),
           requirement(R"("type":"sigstoreSigned","fulcio":{"caPath":"/c","oidcIssuer":"i",)"
                       R"("subjectEmail":"e"})"),
           requirement(R"("type":"sigstoreSigned","pki":{"caRootsPath":"/c","subjectEmail":"e"},)"
                       R"("rekorPublicKeyPath":"/r")"),
           requirement(R"("type":"sigstoreSigned","keyPath":"/k","rekorPublicKeyPath":"a",)"
                       R"("rekorPublicKeyData":"aw==")"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyData":"not base64!")"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPath":"a",)"
                       R"("signedIdentity":null)"),
           requirement(R"("type":"signedBy","keyType":"GPGKeys","keyPath":"a","signedIdentity":)"
                       R"({"type":"remapIdentity","prefix":"http://a","signedPrefix":"b.x"})"),
           R"({"default":)" + kAccept + R"(,"transports":null})",
           R"({"default":null})"}) {
    CAPTURE(text);
    CHECK(refusal(text) != "(nothing thrown)");
  }
  CHECK(refusal(with_scopes("\"h.x\":[]")) ==
        "reading signature policy /some/policy.json: transport docker: scope \"h.x\": the list of "
        "policy requirements is empty");
}

TEST_CASE("scopes are shown to the transport") {
  const Policy policy =
      Policy::parse("/p.json", with_scopes("\"\":" + kAccept + ",\"h.x/a\":" + kAccept));
  std::vector<std::string> seen;
  policy.check_scopes("docker", [&](const std::string& scope) { seen.push_back(scope); });
  policy.check_scopes("dir", [&](const std::string& scope) { seen.push_back(scope); });
  CHECK(seen == std::vector<std::string>{"h.x/a"});
  CHECK_THROWS_WITH_AS(
      policy.check_scopes("docker", [](const std::string&) { throw Error(Status::invalid, "no"); }),
      "scope \"h.x/a\" of transport docker in signature policy /p.json: no", Error);
}

TEST_CASE("the user's file comes before the system's, and a named one has to exist") {
  const TestEnvironment test;
  CHECK_FALSE(Policy::load(std::nullopt, test.env));
  test.write("root/etc/containers/policy.json", R"({"default":)" + kReject + "}");
  CHECK(verdict(*Policy::load(std::nullopt, test.env), image()) != "allowed");
  test.write("home/.config/containers/policy.json", R"({"default":)" + kAccept + "}");
  CHECK(verdict(*Policy::load(std::nullopt, test.env), image()) == "allowed");
  const std::string named = test.write("named.json", R"({"default":)" + kReject + "}");
  CHECK(Policy::load(named, test.env)->path() == named);
  CHECK_THROWS_AS(Policy::load(test.folder.str("none.json"), test.env), Error);
  CHECK(verdict(Policy::accept_anything(), image()) == "allowed");
}

TEST_CASE("without a policy nothing may be read but what needs none") {
  const TestEnvironment test;
  Policy policy = Policy::missing(test.env);
  const std::string why = verdict(policy, image());
  CHECK(why.find(test.env.home + "/.config/containers/policy.json") != std::string::npos);
  CHECK(why.find("--insecure-policy") != std::string::npos);
  CHECK(verdict(policy, image("containers-storage")) != "allowed");
  policy.accept_unlisted("containers-storage");
  CHECK(verdict(policy, image("containers-storage")) == "allowed");
  CHECK(verdict(policy, image()) == why);
  CHECK_FALSE(policy.wants_signatures(image()));
}

TEST_CASE("a transport that the policy lists follows the policy") {
  Policy policy = Policy::parse("p.json", with_scopes("\"h.x/a/b\":" + kReject));
  policy.accept_unlisted("docker");
  policy.accept_unlisted("containers-storage");
  CHECK(verdict(policy, image()) != "allowed");
  CHECK(verdict(policy, image("containers-storage")) == "allowed");
  CHECK(verdict(policy, image("dir")) != "allowed");
}
