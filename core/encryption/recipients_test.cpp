#include "core/encryption/recipients.hpp"

#include <doctest/doctest.h>

#include "core/config/test_environment.hpp"
#include "core/encryption/pgp_packets.hpp"
#include "core/encryption/testing/keys.hpp"
#include "core/gpg/gpg.hpp"
#include "core/gpg/testing/test_key.hpp"
#include "support/base64/base64.hpp"
#include "support/json/json.hpp"

using namespace sealos;
using namespace sealos::encryption;
using namespace sealos::encryption::testing;

namespace {

/// Making one takes long.
const Pkey& shared_rsa() {
  static const Pkey key = make_rsa();
  return key;
}

struct RecipientFixture : config::TestEnvironment {
  KeyPlaces places{env, "/tmp", {}};
  const Pkey rsa = shared_rsa(), ec = make_ec("P-256"), other = make_ec("P-384");
  const LayerSecret secret = LayerSecret::random();
  const std::string rsa_pub = write("rsa.pub", public_pem(rsa)),
                    ec_pub = write("ec.pub", public_pem(ec)),
                    other_pub = write("other.pub", public_pem(other)),
                    certificate = write("crt", certificate_pem(make_certificate(rsa, "alice")));

  Recipients recipients(const std::vector<std::string>& specs) {
    return Recipients::load(specs, places);
  }
  Annotations sealed(const std::vector<std::string>& specs) {
    Annotations all = wrap_secret(secret, "sha256:x", recipients(specs));
    all.push_back(public_options(std::string(32, 'h')));
    all.emplace_back("kept", "1");
    return all;
  }
  std::shared_ptr<const DecryptionKeys> keys(const Pkey& key) {
    return std::make_shared<const DecryptionKeys>(
        DecryptionKeys::load({write("key", private_pem(key))}, places));
  }
  bool opens(const Annotations& annotations, const Pkey& key) {
    try {
      return open_layer(annotations, *keys(key)).secret.key == secret.key;
    } catch (const Error& e) {
      CHECK(e.status() == Status::unauthenticated);
      return false;
    }
  }
  Annotations add(const Annotations& annotations, const std::vector<std::string>& specs,
                  const Pkey& key) {
    return edit_recipients(annotations,
                           {std::make_shared<const Recipients>(recipients(specs)), keys(key), {}});
  }
  static Annotations remove(const Annotations& annotations, const std::vector<std::string>& texts) {
    RecipientEdit edit;
    for (const std::string& text : texts) edit.remove.push_back(RecipientChoice::parse(text));
    return edit_recipients(annotations, edit);
  }
  static Status status_of_removal(const Annotations& annotations, const std::string& text) {
    try {
      remove(annotations, {text});
      return Status::ok;
    } catch (const Error& e) {
      return e.status();
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(RecipientFixture, "recipients are listed as their messages name them") {
  const auto listed =
      recipients_of(sealed({"jwe:" + rsa_pub, "jwe:" + other_pub, "pkcs7:" + certificate}));
  REQUIRE(listed.size() == 3);
  CHECK(listed[0] == RecipientEntry{"jwe", 1, "RSA-OAEP"});
  CHECK(listed[1] == RecipientEntry{"jwe", 2, "ECDH-ES+A256KW, P-384"});
  CHECK(listed[2] == RecipientEntry{"pkcs7", 1, "CN=alice, serial 1267"});
}

TEST_CASE_FIXTURE(RecipientFixture, "who is added can read, and those before still can") {
  const Annotations before = sealed({"jwe:" + rsa_pub});
  const Annotations after = add(before, {"jwe:" + ec_pub, "pkcs7:" + certificate}, rsa);
  CHECK(opens(after, rsa));
  CHECK(opens(after, ec));
  CHECK_FALSE(opens(after, other));
  CHECK(open_layer(after, *keys(ec)).plain == "sha256:x");
  CHECK(recipients_of(after).size() == 3);
  CHECK(without_encryption(after) == Annotations{{"kept", "1"}});
  CHECK_THROWS_AS(add(before, {"jwe:" + ec_pub}, other), Error);
}

TEST_CASE_FIXTURE(RecipientFixture, "who is removed can no longer read, and the others can") {
  const Annotations together = sealed({"jwe:" + rsa_pub, "jwe:" + ec_pub, "jwe:" + other_pub});
  const Annotations apart =
      add(add(sealed({"jwe:" + rsa_pub}), {"jwe:" + ec_pub}, rsa), {"jwe:" + other_pub}, rsa);
  for (const Annotations& all : {together, apart}) {
    const Annotations rest = remove(all, {"jwe:2"});
    CHECK(opens(rest, rsa));
    CHECK_FALSE(opens(rest, ec));
    CHECK(opens(rest, other));
    CHECK(recipients_of(rest).size() == 2);
    const Annotations last = remove(all, {"jwe:1", "jwe:2"});
    CHECK_FALSE(opens(last, rsa));
    CHECK_FALSE(opens(last, ec));
    CHECK(opens(last, other));
  }
}

TEST_CASE_FIXTURE(RecipientFixture, "Go's copy of the first recipient's key goes as well") {
  Annotations all = sealed({"jwe:" + rsa_pub, "jwe:" + ec_pub});
  Json jwe = Json::parse(*decode_base64(all[0].second));
  jwe.set("encrypted_key", jwe.at("recipients").items("")[0].text_at("encrypted_key"));
  const std::string key = jwe.text_at("encrypted_key");
  all[0].second = encode_base64(jwe.dump());
  const Annotations rest = remove(all, {"jwe:1"});
  CHECK(decode_base64(rest[0].second)->find(key) == std::string::npos);
  CHECK(opens(rest, ec));
  CHECK_FALSE(opens(rest, rsa));
}

TEST_CASE_FIXTURE(RecipientFixture, "certificates are removed by their file") {
  const std::string bob = write("bob", certificate_pem(make_certificate(rsa, "bob")));
  const Annotations all = sealed({"pkcs7:" + certificate, "pkcs7:" + bob, "jwe:" + ec_pub});
  const Annotations rest = remove(all, {"pkcs7:" + bob});
  const DecryptionKeys alice =
      DecryptionKeys::load({write("k", private_pem(rsa)), certificate}, places);
  CHECK(open_layer(rest, alice).secret.key == secret.key);
  CHECK(recipients_of(rest).size() == 2);
  const Annotations none = remove(rest, {"pkcs7:" + certificate});
  CHECK(recipients_of(none).size() == 1);
  CHECK(opens(none, ec));
  CHECK(status_of_removal(none, "pkcs7:" + certificate) == Status::not_found);
}

TEST_CASE_FIXTURE(RecipientFixture, "OpenPGP keys are removed by their id") {
  const auto home = gpg::Gpg::temporary("/tmp");
  home->import(gpg::testing::secret_key());
  const std::string message = home->encrypt("secret", {gpg::testing::kFingerprint});
  const std::string id = pgp_recipients(message).at(0);
  CHECK(id.size() == 16);
  const std::string first = message.substr(0, message.size() - pgp_without(message, 0).size());
  // The same recipient twice, as if there were two.
  const std::string twice = first + message;
  CHECK(pgp_recipients(twice) == std::vector<std::string>{id, id});
  CHECK(pgp_without(twice, 1) == message);
  Annotations all = sealed({"jwe:" + ec_pub});
  all.emplace_back("org.opencontainers.image.enc.keys.pgp", encode_base64(message));
  CHECK(recipients_of(all)[1] == RecipientEntry{"pgp", 1, id});
  CHECK(recipients_of(remove(all, {"pgp:" + id.substr(8)})).size() == 1);
  CHECK(status_of_removal(all, "pgp:0123456789ABCDEF") == Status::not_found);
  for (const char* broken : {"", "x", "\x84", "\x85\xff\xff", "\xc1\x01\x03"}) {
    CAPTURE(broken);
    CHECK_THROWS_AS(pgp_recipients(broken), Error);
  }
}

TEST_CASE_FIXTURE(RecipientFixture, "the last recipient stays, and none is guessed") {
  const Annotations one = sealed({"jwe:" + rsa_pub});
  CHECK(status_of_removal(one, "jwe:1") == Status::invalid);
  CHECK(status_of_removal(one, "jwe:2") == Status::not_found);
  CHECK(status_of_removal(one, "provider:x") == Status::not_found);
  for (const char* text : {"", "jwe", "jwe:", "jwe:0", "jwe:key", "pgp:me", "other:x"}) {
    CAPTURE(text);
    CHECK(status_of_removal(one, text) == Status::invalid);
  }
}
