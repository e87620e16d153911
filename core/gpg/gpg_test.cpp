#include "core/gpg/gpg.hpp"

#include <doctest/doctest.h>

#include "core/gpg/testing/test_key.hpp"

using namespace sealos;
using gpg::Gpg;
namespace {

std::unique_ptr<Gpg> with_key() {
  auto home = Gpg::temporary("/tmp");
  const auto imported = home->import(gpg::testing::secret_key());
  REQUIRE(imported.size() == 1);
  REQUIRE(imported[0] == gpg::testing::kFingerprint);
  return home;
}

}  // namespace

TEST_CASE("a key is found by user id, name, address and fingerprint, and by nothing less") {
  const auto home = with_key();
  for (const char* wanted : {"Sealos Test <test@sealos.invalid>", "Sealos Test",
                             "test@sealos.invalid", gpg::testing::kFingerprint}) {
    CAPTURE(wanted);
    REQUIRE(home->find(wanted, true).size() == 1);
    CHECK(home->find(wanted, false)[0].fingerprint == gpg::testing::kFingerprint);
  }
  CHECK(home->find("Sealos", false).empty());
  CHECK(home->find("sealos.invalid", false).empty());
}

TEST_CASE("what is encrypted to a key is decrypted by whoever has it, and by nobody else") {
  const auto home = with_key();
  const std::string message = home->encrypt("a layer's secret", {gpg::testing::kFingerprint});
  CHECK(message.find("secret") == std::string::npos);
  CHECK(home->decrypt(message, {}) == "a layer's secret");
  CHECK(Gpg::temporary("/tmp")->decrypt(message, {}) == std::nullopt);
}

TEST_CASE("a signature names its key and carries its payload; altered, it is no good") {
  const auto home = with_key();
  CHECK_NOTHROW(home->check_signer(gpg::testing::kFingerprint));
  const std::string message = home->sign("payload", gpg::testing::kFingerprint, {});
  const gpg::Verified verified = home->verify(message);
  CHECK(verified.payload == "payload");
  REQUIRE(verified.signers.size() == 1);
  CHECK(verified.signers[0].fingerprint == gpg::testing::kFingerprint);
  CHECK(verified.signers[0].problem == "");

  const auto stranger = Gpg::temporary("/tmp");
  REQUIRE(stranger->verify(message).signers.size() == 1);
  CHECK(stranger->verify(message).signers[0].problem != "");

  CHECK_THROWS_AS(home->verify("no message"), Error);
  std::string altered = message;
  altered[altered.size() - 3] ^= 1;
  bool good = false;
  try {
    for (const auto& signer : home->verify(altered).signers) good = good || signer.problem.empty();
  } catch (const Error&) {
  }
  CHECK_FALSE(good);
}

TEST_CASE("who has no secret key is told before anything is signed") {
  const auto home = Gpg::temporary("/tmp");
  CHECK_THROWS_AS(home->check_signer(gpg::testing::kFingerprint), Error);
}

TEST_CASE("the primary key signs, although it has a newer subkey that could") {
  const auto home = Gpg::temporary("/tmp");
  const auto imported = home->import(gpg::testing::secret_key_with_subkey());
  REQUIRE(imported.size() == 1);
  CHECK(home->check_signer(imported[0]));
  const std::string message = home->sign("payload", imported[0], {});
  const auto strict = Gpg::temporary("/tmp");
  strict->import(gpg::testing::secret_key_with_subkey());
  CHECK(strict->verify(message).signers[0].fingerprint == imported[0]);
  CHECK(strict->verify(message).signers[0].made_by == imported[0]);
}
