#include "core/encryption/layer_keys.hpp"

#include <doctest/doctest.h>

#include "core/config/test_environment.hpp"
#include "core/encryption/testing/keys.hpp"
#include "core/gpg/gpg.hpp"
#include "core/gpg/testing/test_key.hpp"
#include "support/json/json.hpp"

using namespace sealos;
using namespace sealos::encryption;
using namespace sealos::encryption::testing;

namespace {

const std::string kPlain = "sha256:" + std::string(64, 'a');

struct Fixture : config::TestEnvironment {
  KeyPlaces places{env, "/tmp", {}};

  std::string file(const std::string& name, const std::string& text) const {
    return write(name, text);
  }
  std::string path(const std::string& name) const { return folder.str(name); }
};

Annotations sealed(const LayerSecret& secret, const Recipients& to) {
  Annotations annotations = wrap_secret(secret, kPlain, to);
  annotations.push_back(public_options(std::string(32, 'h')));
  annotations.emplace_back("kept", "1");
  return annotations;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a layer's secret goes through the annotations, by every kind of key") {
  const Pkey rsa = make_rsa(), ec = make_ec("P-256");
  const Recipients to = Recipients::load(
      {"jwe:" + file("rsa.pub", public_pem(rsa)), "jwe:" + file("ec.pub", public_pem(ec)),
       "pkcs7:" + file("cert", certificate_pem(make_certificate(rsa, "me")))},
      places);
  const LayerSecret secret = LayerSecret::random();
  const Annotations annotations = sealed(secret, to);
  file("rsa.key", private_pem(rsa));
  file("ec.key", private_pem(ec, "open"));
  const std::vector<std::vector<std::string>> all = {
      {path("rsa.key")},
      {path("ec.key") + ":open"},
      {path("ec.key") + ":pass=open"},
      {path("ec.key") + ":file=" + file("pass", "open\n")},
      {path("rsa.key"), path("cert")}};
  for (const auto& specs : all) {
    CAPTURE(specs[0]);
    const Opened opened = open_layer(annotations, DecryptionKeys::load(specs, places));
    CHECK(opened.secret.key == secret.key);
    CHECK(opened.secret.nonce == secret.nonce);
    CHECK(opened.hmac == std::string(32, 'h'));
  }
  CHECK(without_encryption(annotations) == Annotations{{"kept", "1"}});
}

TEST_CASE_FIXTURE(Fixture, "OpenPGP keys open a layer") {
  const auto home = gpg::Gpg::temporary("/tmp");
  home->import(gpg::testing::secret_key());
  const std::string options = R"({"symkey":")" + encode_base64(std::string(32, 's')) +
                              R"(","cipheroptions":{"nonce":")" +
                              encode_base64(std::string(16, 'n')) + R"("}})";
  const Annotations annotations = {
      {"org.opencontainers.image.enc.keys.pgp",
       encode_base64(home->encrypt(options, {gpg::testing::kFingerprint}))},
      public_options(std::string(32, 'h'))};
  const auto keys = DecryptionKeys::load({file("secret.gpg", gpg::testing::secret_key())}, places);
  CHECK(open_layer(annotations, keys).secret.key == std::string(32, 's'));
}

TEST_CASE_FIXTURE(Fixture, "a key that does not fit opens nothing") {
  const auto to = Recipients::load({"jwe:" + file("pub", public_pem(make_ec("P-256")))}, places);
  const Annotations annotations = sealed(LayerSecret::random(), to);
  const auto keys = DecryptionKeys::load({file("key", private_pem(make_ec("P-256")))}, places);
  CHECK_THROWS_WITH_AS(open_layer(annotations, keys), "none of the keys opens the layer", Error);
}

TEST_CASE_FIXTURE(Fixture, "a provider wraps and unwraps, and sees its own argument alone") {
  // Wraps by turning "optsdata" into the annotation as it is.
  const std::string program =
      write("provider", "#!/bin/sh\nread -r request; echo \"$request\" >>" + path("log") + R"(
case $request in
*'"op":"keywrap"'*) d=${request#*optsdata\":\"}; d=${d%%\"*}
  echo "{\"keywrapresults\":{\"annotation\":\"$d\"}}";;
*) d=${request##*annotation\":\"}; d=${d%%\"*}
  echo "{\"keyunwrapresults\":{\"optsdata\":\"$d\"}}";;
esac
)",
            0755);
  env.variables["OCICRYPT_KEYPROVIDER_CONFIG"] =
      file("config", R"({"key-providers":{"mine":{"cmd":{"path":")" + program + R"("}}}})");
  const LayerSecret secret = LayerSecret::random();
  const Annotations annotations = sealed(secret, Recipients::load({"provider:mine:where"}, places));
  CHECK(annotations[0].first == "org.opencontainers.image.enc.keys.provider.mine");
  const auto keys = DecryptionKeys::load({"provider:mine:there"}, places);
  CHECK(open_layer(annotations, keys).secret.key == secret.key);
  const std::string log = *config::read_file_if_there(path("log"));
  CHECK(log.find(encode_base64("where")) != std::string::npos);
  CHECK_THROWS_AS(Recipients::load({"provider:other"}, places), Error);
}

TEST_CASE_FIXTURE(Fixture, "keys that will not do are refused before anything is read") {
  const std::string key = file("key", private_pem(make_rsa()));
  for (const std::string& spec :
       {std::string("jwe"), "jwe:" + key, "pkcs7:" + key, std::string("other:x"),
        std::string("jwe:/nowhere"), std::string("provider:none")}) {
    CAPTURE(spec);
    CHECK_THROWS_AS(Recipients::load({spec}, places), Error);
  }
  CHECK_THROWS_AS(DecryptionKeys::load({file("text", "no key")}, places), Error);
  CHECK_THROWS_AS(DecryptionKeys::load({"/nowhere"}, places), Error);
}

TEST_CASE("annotations that are incomplete or of another cipher are refused") {
  const DecryptionKeys none;
  CHECK_THROWS_AS(open_layer({}, none), Error);
  CHECK_THROWS_AS(open_layer({{"org.opencontainers.image.enc.pubopts", "!"}}, none), Error);
  CHECK_THROWS_AS(
      open_layer({{"org.opencontainers.image.enc.pubopts", encode_base64(R"({"cipher":"ROT13"})")}},
                 none),
      Error);
}
