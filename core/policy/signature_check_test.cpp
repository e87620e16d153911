#include "core/policy/signature_check.hpp"

#include <doctest/doctest.h>

#include "core/config/secret.hpp"
#include "core/config/test_environment.hpp"
#include "core/gpg/gpg.hpp"
#include "core/gpg/testing/test_key.hpp"
#include "core/signing/simple_signing.hpp"

using namespace sealos;
using namespace sealos::policy;

namespace {

const Digest kManifest = Digest::require("sha256:" + std::string(64, 'a'));
const Digest kOther = Digest::require("sha256:" + std::string(64, 'b'));

struct Signer : config::TestEnvironment {
  std::unique_ptr<gpg::Gpg> ring = gpg::Gpg::temporary("/tmp");
  KeyRings rings{"/tmp"};
  std::string key = write("key.gpg", gpg::testing::secret_key());

  Signer() { ring->import(gpg::testing::secret_key()); }

  Item signature(const std::string& reference, const Digest& manifest) {
    return {"simple-signing", ring->sign(signing::make_payload({reference, manifest}, "test", 1),
                                         gpg::testing::kFingerprint, {})};
  }
  Requirement requirement(const std::string& more = "") const {
    return Requirement::parse(Json::parse(R"({"type":"signedBy","keyType":"GPGKeys","keyPath":")" +
                                          key + "\"" + more + "}"));
  }
  static SignedImage image(std::vector<Item> signatures) {
    return {DockerName::parse("example.com/a:1"), kManifest, std::move(signatures)};
  }
};

}  // namespace

TEST_CASE_FIXTURE(Signer, "one good signature is enough, whatever the others are") {
  const Item good = signature("example.com/a:1", kManifest);
  const Item other_image = signature("example.com/a:1", kOther);
  CHECK(why_not_signed(requirement(), image({good}), rings) == "");
  CHECK(why_not_signed(requirement(), image({{"simple-signing", "x"}, other_image, good}), rings) ==
        "");
}

TEST_CASE_FIXTURE(Signer,
                  "a signature of another image, or for another name, is none of this one") {
  CHECK(why_not_signed(requirement(), image({}), rings) == "the image has no such signature");
  CHECK(why_not_signed(requirement(), image({signature("example.com/a:1", kOther)}), rings) ==
        "it is a signature of sha256:bbbbbbbbbbbb");
  const Item other_name = signature("example.com/b:1", kManifest);
  CHECK(why_not_signed(requirement(), image({other_name}), rings) ==
        "a signature for \"example.com/b:1\" is not accepted");
  const std::string rule =
      R"(,"signedIdentity":{"type":"exactReference","dockerReference":"example.com/b:1"})";
  CHECK(why_not_signed(requirement(rule), image({other_name}), rings) == "");
}

TEST_CASE_FIXTURE(Signer,
                  "a signature that was altered, or by a key that is not trusted, is refused") {
  const Item good = signature("example.com/a:1", kManifest);
  Item altered = good;
  altered.data[altered.data.size() / 2] ^= 1;
  CHECK(why_not_signed(requirement(), image({altered}), rings) != "");
  const std::string no_key = write("none.gpg", "");
  const Requirement stranger = Requirement::parse(
      Json::parse(R"({"type":"signedBy","keyType":"GPGKeys","keyPath":")" + no_key + "\"}"));
  bool refused = false;
  try {
    refused = !why_not_signed(stranger, image({good}), rings).empty();
  } catch (const Error&) {
    refused = true;
  }
  CHECK(refused);
}

TEST_CASE_FIXTURE(Signer, "keys in the policy itself count like keys in files") {
  const Requirement with_data =
      Requirement::parse(Json::parse(R"({"type":"signedBy","keyType":"GPGKeys","keyData":")" +
                                     config::encode_base64(gpg::testing::secret_key()) + "\"}"));
  const SignedImage signed_image = image({signature("example.com/a:1", kManifest)});
  CHECK(why_not_signed(with_data, signed_image, rings) == "");
}

TEST_CASE_FIXTURE(Signer, "a key ring is unpacked once for all images") {
  const SignedImage signed_image = image({signature("example.com/a:1", kManifest)});
  KeyRings::Ring& unpacked = rings.of({gpg::testing::secret_key()});
  CHECK(why_not_signed(requirement(), signed_image, rings) == "");
  CHECK(&rings.of({gpg::testing::secret_key()}) == &unpacked);
  CHECK(&rings.of({}) != &unpacked);
  CHECK(rings.of({}).trusted.empty());
}

TEST_CASE("what this build cannot decide says so") {
  const auto why = [](const std::string& json) {
    return why_undecidable(Requirement::parse(Json::parse(json)));
  };
  CHECK(why(R"({"type":"sigstoreSigned","keyPath":"/k"})") == "");
  CHECK(why(R"({"type":"sigstoreSigned","pki":{"caRootsPath":"/c","subjectEmail":"e"}})") ==
        "pki is not supported, only keys are");
  CHECK(why(R"({"type":"signedBy","keyType":"X509Certificates","keyPath":"/k"})") ==
        "keyType X509Certificates is not supported");
}
