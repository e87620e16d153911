#include "core/config/auth_file.hpp"

#include <doctest/doctest.h>

#include "core/config/secret.hpp"
#include "core/config/test_environment.hpp"

using namespace sealos::config;
using sealos::Error;
using Format = AuthFile::Format;

namespace {

std::string user_for(const std::string& text, const std::string& scope,
                     Format format = Format::current) {
  const TestEnvironment test;
  const auto login = AuthFile("x.json", format, text).find(scope, test.env);
  return login ? login->username : "(none)";
}

std::string entry(const std::string& key, const std::string& user) {
  return '"' + key + R"(":{"auth":")" + encode_base64(user + ":p") + "\"}";
}

std::string auths(const std::string& entries) { return R"({"auths":{)" + entries + "}}"; }

}  // namespace

TEST_CASE("a wiped string leaves none of its characters in its buffer") {
  std::string secret = "a-secret-that-is-longer-than-the-small-buffer";
  const char* const buffer = secret.data();
  const size_t size = secret.size();
  wipe(secret);
  CHECK(secret.empty());
  CHECK(std::string(buffer, size) == std::string(size, '\0'));
}

TEST_CASE("the login of the narrowest scope is used") {
  const std::string text = auths(entry("h:5000", "host") + "," + entry("h:5000/a", "a") + "," +
                                 entry("h:5000/a/b", "ab"));
  CHECK(user_for(text, "h:5000") == "host");
  CHECK(user_for(text, "h:5000/x") == "host");
  CHECK(user_for(text, "h:5000/a") == "a");
  CHECK(user_for(text, "h:5000/a/c/d") == "a");
  CHECK(user_for(text, "h:5000/a/b") == "ab");
  CHECK(user_for(text, "h:5000/a/b/c") == "ab");
  CHECK(user_for(text, "h:5000/ab") == "host");
  CHECK(user_for(text, "h") == "(none)");
  CHECK(user_for(text, "h:500") == "(none)");
}

TEST_CASE("a key with a scheme means its host, and an exact key is preferred") {
  CHECK(user_for(auths(entry("https://h/v1/", "url")), "h/a") == "url");
  CHECK(user_for(auths(entry("http://h", "url")), "h") == "url");
  CHECK(user_for(auths(entry("https://h/v1/", "url") + "," + entry("h", "plain")), "h") == "plain");
  CHECK(user_for(auths(entry("h/v1/", "path")), "h") == "(none)");
}

TEST_CASE("docker.io has its aliases") {
  for (const char* key :
       {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"}) {
    for (const char* host : {"docker.io", "index.docker.io", "registry-1.docker.io"}) {
      CAPTURE(key);
      CAPTURE(host);
      CHECK(user_for(auths(entry(key, "hub")), std::string(host) + "/library/x") == "hub");
    }
  }
  CHECK(user_for(auths(entry("docker.com", "hub")), "docker.io") == "(none)");
}

TEST_CASE("the legacy file has no namespaces, and its keys may be URLs") {
  CHECK(user_for("{" + entry("https://h/v1/", "old") + "}", "h/a/b", Format::legacy) == "old");
  CHECK(user_for("{" + entry("h/v1", "old") + "}", "h", Format::legacy) == "old");
  CHECK(user_for("{" + entry("h/a", "n") + "," + entry("h", "h") + "}", "h/a", Format::legacy) ==
        "h");
}

TEST_CASE("a password may have colons, and NULs at its end are padding") {
  TestEnvironment test;
  const auto read = [&](const std::string& pair) {
    return AuthFile(
               "x", Format::current,
               R"({"auths":{"h":{"auth":")" + encode_base64(pair) + R"(","identitytoken":"t"}}})")
        .find("h", test.env);
  };
  CHECK(read("u:p:q")->password == "p:q");
  CHECK(read(std::string("u:p\0\0", 5))->password == "p");
  CHECK(read("0:")->identity_token == "t");
}

TEST_CASE("an entry without a usable pair is no login") {
  TestEnvironment test;
  const auto find = [&](const std::string& entry) {
    return AuthFile("x", Format::current, R"({"auths":{"h":)" + entry + "}}").find("h", test.env);
  };
  CHECK_FALSE(find("{}"));
  CHECK_FALSE(find("null"));
  CHECK_FALSE(find(R"({"auth":"","username":"u","password":"p"})"));
  CHECK(test.logs.empty());
  CHECK_FALSE(find(R"({"auth":")" + encode_base64("s3cret-no-colon") + R"("})"));
  CHECK(test.all_logs().find("no colon") != std::string::npos);
  CHECK(test.all_logs().find("s3cret") == std::string::npos);
  CHECK(find(R"({"identitytoken":"t"})")->identity_token == "t");
}

TEST_CASE("what is no auth file is refused, naming the file but none of its text") {
  for (const char* text :
       {"", "  ", "{", "[]", "\"s3cret\"", R"({"auths":["s3cret"]})", R"({"auths":{"h":"s3cret"}})",
        R"({"auths":{"h":{"auth":"s3cret"})", R"({"credHelpers":{"h":1}})",
        R"({"credHelpers":"s3cret"})", R"({"credsStore":{"s3cret":1}})"}) {
    CAPTURE(text);
    try {
      AuthFile("/some/auth.json", Format::current, text);
      FAIL("it was read");
    } catch (const Error& e) {
      CHECK(e.status() == sealos::Status::invalid);
      CHECK(e.message().find("/some/auth.json") != std::string::npos);
      CHECK(e.message().find("s3cret") == std::string::npos);
    }
  }
}

TEST_CASE("a login that is not base64 fails when it is asked for, naming file and key") {
  const TestEnvironment test;
  const AuthFile file("/some/auth.json", Format::current,
                      auths(R"("h":{"auth":"s3cret!"},)" + entry("g", "u")));
  CHECK(file.find("g", test.env)->username == "u");
  CHECK_THROWS_WITH_AS(file.find("h", test.env),
                       "reading the login for h in /some/auth.json: its \"auth\" is not base64",
                       Error);
}

TEST_CASE("a helper is named for a host, docker.io under any name") {
  const AuthFile file("x", Format::current,
                      R"({"credHelpers":{"h:1":"a","https://index.docker.io/v1/":"b","e":""},)"
                      R"("credsStore":"c"})");
  CHECK(file.helper_for("h:1") == "a");
  CHECK(file.helper_for("docker.io") == "b");
  CHECK_FALSE(file.helper_for("h"));
  CHECK_FALSE(file.helper_for("e"));
  CHECK(file.store() == "c");
}
