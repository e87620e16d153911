#include "support/referrer/referrer.hpp"

#include <doctest/doctest.h>

using namespace sealos;

TEST_CASE("what is attached has a name made of its subject's digest") {
  const Digest subject = Digest::require("sha256:" + std::string(64, 'a'));
  CHECK(attached_name(subject, "sig") == "sha256-" + std::string(64, 'a') + ".sig");
  CHECK_THROWS_AS(attached_name(subject, "../x"), Error);
  for (const std::string_view kind : kAttachedKinds)
    CHECK(is_attached_name(attached_name(subject, kind)));
  for (const char* other : {"", "1.0", "sha256-abc.sig", "latest-1.sig", "-.sig"}) {
    CAPTURE(other);
    CHECK_FALSE(is_attached_name(other));
  }
  CHECK_FALSE(is_attached_name("sha256-" + std::string(64, 'a')));
  CHECK_FALSE(is_attached_name("sha256-" + std::string(64, 'a') + ".exe"));
}

TEST_CASE("a manifest without a subject refers to nothing") {
  CHECK_FALSE(subject_of({"", R"({"layers":[]})"}));
  CHECK_FALSE(subject_of({"", R"({"annotations":{"\"subject\"":"x"}})"}));
  CHECK_THROWS_AS(subject_of({"", R"({"subject":{}})"}), Error);
}
