#include "core/config/registries_d.hpp"

#include <doctest/doctest.h>

#include "core/config/test_environment.hpp"

using namespace sealos;
using namespace sealos::config;

namespace {

const char* const kFile = "root/etc/containers/registries.d/default.yaml";

SignatureStores stores(const TestEnvironment& t, const char* name) {
  return RegistriesD::load(t.env).find(DockerName::parse(name));
}

std::string why_not(const TestEnvironment& t) {
  try {
    RegistriesD::load(t.env);
    return "";
  } catch (const Error& e) {
    CHECK(e.status() == Status::invalid);
    return e.message();
  }
}

}  // namespace

TEST_CASE("where nothing is configured signatures are in the folder of the system or the user") {
  TestEnvironment t;
  const SignatureStores user = stores(t, "example.com/team/app:1");
  CHECK(user.read == "file://" + t.env.home + "/.local/share/containers/sigstore/team/app");
  CHECK(user.write == user.read);
  CHECK_FALSE(user.configured);
  CHECK_FALSE(user.attachments);
  t.env.user = 0;
  CHECK(stores(t, "a:1").read == "file://" + t.env.root + "/var/lib/containers/sigstore/library/a");
}

TEST_CASE("each setting is that of the narrowest scope that has it") {
  TestEnvironment t;
  t.write(kFile, R"(
default-docker:
  lookaside: https://all.example.com/s/
  lookaside-staging: file:///all
docker:
  example.com/team:
    lookaside: file:///team
  example.com/team/app:
    use-sigstore-attachments: true
  example.com/team/app:2:
    lookaside-staging: file:///two
    use-sigstore-attachments: false
  "*.example.org":
    sigstore: file:///old
    sigstore-staging: file:///old-staging
)");
  const SignatureStores one = stores(t, "example.com/team/app:1");
  CHECK(one.read == "file:///team/team/app");
  CHECK(one.write == "file:///team/team/app");
  CHECK(one.attachments);
  CHECK(one.configured);
  const SignatureStores two = stores(t, "example.com/team/app:2");
  CHECK(two.read == "file:///team/team/app");
  CHECK(two.write == "file:///two/team/app");
  CHECK_FALSE(two.attachments);
  const SignatureStores old = stores(t, "a.example.org:5000/x");
  CHECK(old.read == "file:///old/x");
  CHECK(old.write == "file:///old-staging/x");
  const SignatureStores other = stores(t, "other.com/x");
  CHECK(other.read == "https://all.example.com/s/x");
  CHECK(other.write == "file:///all/x");
}

TEST_CASE("the user's folder takes the place of the system's") {
  TestEnvironment t;
  t.write(kFile, "default-docker: {lookaside: \"file:///system\"}\n");
  CHECK(stores(t, "a.com/x").read == "file:///system/x");
  t.write("home/.config/containers/registries.d/ignored.txt", "}");
  CHECK_FALSE(stores(t, "a.com/x").configured);
}

TEST_CASE("a file that is wrong is an error, and a key that nobody knows a warning") {
  TestEnvironment t;
  for (const char* text :
       {"[", "- a", "docker: 1", "docker: {a.com: x}", "default-docker: {lookaside: /path}",
        "default-docker: {lookaside: []}", "default-docker: {use-sigstore-attachments: maybe}",
        "docker: {a.com: {}, a.com: {}}", "docker: {}\ndocker: {}"}) {
    CAPTURE(text);
    t.write(kFile, text);
    CHECK(why_not(t).find("default.yaml") != std::string::npos);
  }
  for (const char* text : {"", "docker:\n", "default-docker:\n", "docker: {a.com: }"}) {
    CAPTURE(text);
    t.write(kFile, text);
    CHECK(why_not(t) == "");
  }
  t.write(kFile, "default-docker: {lookasid: \"file:///x\"}");
  CHECK(why_not(t) == "");
  CHECK(t.all_logs().find("lookasid") != std::string::npos);
}

TEST_CASE("the same scope in two files is an error that names both") {
  TestEnvironment t;
  t.write(kFile, "docker: {a.com: {lookaside: \"file:///x\"}}");
  t.write("root/etc/containers/registries.d/more.yaml", "docker: {a.com: {}}");
  const std::string why = why_not(t);
  CHECK(why.find("default.yaml") != std::string::npos);
  CHECK(why.find("more.yaml") != std::string::npos);
  t.write(kFile, "default-docker: {lookaside: \"file:///x\"}");
  t.write("root/etc/containers/registries.d/more.yaml", "default-docker: {}");
  CHECK(why_not(t).find("more.yaml") != std::string::npos);
}
