#include "support/digest/hasher.hpp"

#include <doctest/doctest.h>

using sealos::Digest;

TEST_CASE("digests are those of FIPS 180-4") {
  CHECK(sealos::digest_of("abc").str() ==
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sealos::digest_of("").hex() ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sealos::digest_of("abc", "sha512").hex().substr(0, 16) == "ddaf35a193617aba");
}

TEST_CASE("bytes may come in pieces") {
  sealos::Hasher hasher;
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  CHECK(hasher.finish() == sealos::digest_of("abc"));
}

TEST_CASE("only digests of a known kind and form are accepted") {
  const std::string hex(64, 'a');
  CHECK(Digest::parse("sha256:" + hex));
  CHECK_FALSE(Digest::parse("sha256:" + hex + "a"));
  CHECK_FALSE(Digest::parse("sha256:" + std::string(64, 'A')));
  CHECK_FALSE(Digest::parse("sha256:../" + hex.substr(3)));
  CHECK_FALSE(Digest::parse("md5:" + hex.substr(32)));
  CHECK_FALSE(Digest::parse(hex));
  CHECK_FALSE(Digest::parse(""));
  CHECK_THROWS_AS(Digest::require("sha256:x"), sealos::Error);
}
