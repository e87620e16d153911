#include "core/config/credentials.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/config/test_environment.hpp"

using namespace sealos::config;
using sealos::Error;
using sealos::Status;

namespace {

std::string user(const TestEnvironment& test, const CredentialOptions& options = {},
                 const std::string& scope = "h/a") {
  const auto login = CredentialFinder(options, test.env).find(scope);
  return login ? login->username : "(none)";
}

Status status_of(const std::function<void()>& body, const std::string& text = "") {
  try {
    body();
  } catch (const Error& e) {
    CAPTURE(e.message());
    CHECK(e.message().find(text) != std::string::npos);
    return e.status();
  }
  return Status::ok;
}

std::function<std::vector<std::string>()> helpers(std::vector<std::string> names) {
  return [names] { return names; };
}

}  // namespace

TEST_CASE("the auth files are searched in the ecosystem's order") {
  TestEnvironment test;
  CHECK(user(test) == "(none)");
  test.write("home/.dockercfg", R"({"https://h/v1/":{"auth":")" + encode_base64("cfg:p") + "\"}}");
  CHECK(user(test) == "cfg");
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CHECK(user(test) == "docker");
  test.write("home/.config/containers/auth.json", one_login("h", "config", "p"));
  CHECK(user(test) == "config");
  test.write("xdg/containers/auth.json", one_login("h", "xdg", "p"));
  test.env.variables["XDG_CONFIG_HOME"] = test.folder.str("xdg");
  CHECK(user(test) == "xdg");
  test.write("root/run/containers/4711/auth.json", one_login("h", "run", "p"));
  CHECK(user(test) == "run");
  test.write("runtime/containers/auth.json", one_login("h", "runtime", "p"));
  test.env.variables["XDG_RUNTIME_DIR"] = test.folder.str("runtime");
  CHECK(user(test) == "runtime");
  test.write("dc/config.json", one_login("h", "dc", "p"));
  test.env.variables["DOCKER_CONFIG"] = test.folder.str("dc");
  CHECK(user(test) == "dc");
  test.env.variables["REGISTRY_AUTH_FILE"] = test.write("env.json", one_login("h", "env", "p"));
  CHECK(user(test) == "env");
  CredentialOptions options;
  options.authfile = test.write("flag.json", one_login("h", "flag", "p"));
  CHECK(user(test, options) == "flag");
  options.creds = "creds:p";
  CHECK(user(test, options) == "creds");
}

TEST_CASE("a file that knows another host, or an empty login, leaves the search to the next") {
  const TestEnvironment test;
  test.write("root/run/containers/4711/auth.json", one_login("g", "g", "p"));
  test.write("home/.config/containers/auth.json", R"({"auths":{"h":{}}})");
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CHECK(user(test) == "docker");
}

TEST_CASE("a named file is the only one, and that it is missing is an error") {
  TestEnvironment test;
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CredentialOptions options;
  options.authfile = test.write("flag.json", one_login("g", "g", "p"));
  CHECK(user(test, options) == "(none)");
  options.authfile = test.folder.str("none.json");
  CHECK(status_of([&] { user(test, options); }, "none.json") == Status::not_found);
  test.env.variables["REGISTRY_AUTH_FILE"] = test.folder.str("none2.json");
  CHECK(status_of([&] { user(test); }, "none2.json") == Status::not_found);
  test.env.variables["REGISTRY_AUTH_FILE"] = "";
  CHECK(user(test) == "docker");
  test.env.variables["DOCKER_CONFIG"] = test.folder.str("empty");
  CHECK(user(test) == "(none)");
}

TEST_CASE("a file that is empty or broken is an error that names it") {
  const TestEnvironment test;
  const std::string path = test.write("home/.config/containers/auth.json", "");
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CHECK(status_of([&] { user(test); }, path) == Status::invalid);
  test.write("home/.config/containers/auth.json", "{\"auths\":");
  CHECK(status_of([&] { user(test); }, path) == Status::invalid);
  test.write("root/run/containers/4711/auth.json", one_login("h", "run", "p"));
  CHECK(user(test) == "run");
}

TEST_CASE("--creds is split at the first colon") {
  const TestEnvironment test;
  CredentialOptions options;
  options.creds = "u:p:q";
  const auto login = CredentialFinder(options, test.env).find("h");
  CHECK(login->username == "u");
  CHECK(login->password == "p:q");
  for (const char* text : {"", ":", ":p"}) {
    options.creds = text;
    CHECK(status_of([&] { CredentialFinder(options, test.env); }) == Status::invalid);
  }
}

TEST_CASE("--creds without a password asks once, or fails where nobody can be asked") {
  const TestEnvironment test;
  CredentialOptions options;
  options.creds = "u";
  CHECK(status_of([&] { CredentialFinder(options, test.env); }) == Status::unauthenticated);
  int asked = 0;
  const CredentialFinder finder(options, test.env, [&](const std::string&, bool show) {
    ++asked;
    CHECK_FALSE(show);
    return "typed";
  });
  CHECK(finder.find("h")->password == "typed");
  CHECK(finder.find("h")->password == "typed");
  CHECK(asked == 1);
}

TEST_CASE("--creds is for its host only; a mirror has what the files say") {
  const TestEnvironment test;
  test.write("home/.docker/config.json", one_login("mirror", "docker", "p"));
  CredentialOptions options;
  options.creds = "u:p";
  options.host = "docker.io";
  CHECK(user(test, options, "docker.io/library/x") == "u");
  CHECK(user(test, options, "registry-1.docker.io/library/x") == "u");
  CHECK(user(test, options, "mirror/x") == "docker");
  CHECK(user(test, options, "other/x") == "(none)");
}

TEST_CASE("--registry-token is passed on, --no-creds finds nothing, and they exclude others") {
  const TestEnvironment test;
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CredentialOptions options;
  options.registry_token = "t";
  CHECK(CredentialFinder(options, test.env).find("h")->registry_token == "t");
  options.creds = "u:p";
  CHECK(status_of([&] { CredentialFinder(options, test.env); }) == Status::invalid);
  options = {};
  options.no_creds = true;
  CHECK(user(test, options) == "(none)");
  options.creds = "u:p";
  CHECK(status_of([&] { CredentialFinder(options, test.env); }) == Status::invalid);
}

TEST_CASE("credHelpers comes before auths in its file, and its answer is final there") {
  const TestEnvironment test;
  const std::string helpers =
      R"({"credHelpers":{"h":"a"},"auths":{"h":{"auth":")" + encode_base64("auths:p") + "\"}}}";
  test.write("home/.config/containers/auth.json", helpers);
  test.write_helper("a", R"(echo '{"Username":"helper","Secret":"p"}')");
  CHECK(user(test) == "helper");
  test.write_helper("a", "echo credentials not found in native keychain; exit 1");
  CHECK(user(test) == "(none)");
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CHECK(user(test) == "docker");
  test.write("home/.config/containers/auth.json", R"({"credHelpers":{"h":"missing"}})");
  CHECK(status_of([&] { user(test); }, "docker-credential-missing") == Status::unauthenticated);
}

TEST_CASE("credsStore is asked after auths, and does no harm where it fails") {
  TestEnvironment test;
  test.write("home/.docker/config.json", R"({"credsStore":"s","auths":{"h":{},"g":{"auth":")" +
                                             encode_base64("auths:p") + "\"}}}");
  CHECK(user(test) == "(none)");
  CHECK(test.all_logs().find("docker-credential-s is not found") != std::string::npos);
  test.write_helper("s", R"(echo '{"Username":"store","Secret":"p"}')");
  CHECK(user(test) == "store");
  CHECK(user(test, {}, "g/x") == "auths");
}

TEST_CASE("helpers of registries.conf are asked in order, for the host only") {
  TestEnvironment test;
  test.env.variables["OUT"] = test.folder.str("out");
  test.write_helper("a", R"(cat >"$OUT"; echo '{"Username":"helper","Secret":"p"}')");
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CredentialOptions options;
  options.helpers = helpers({"a", kAuthFileHelper});
  CHECK(user(test, options, "h/ns/x") == "helper");
  CHECK(test.read("out") == "h");
  options.helpers = helpers({kAuthFileHelper, "a"});
  CHECK(user(test, options) == "docker");
  options.helpers = helpers({"missing", kAuthFileHelper});
  CHECK(user(test, options) == "docker");
  CHECK(status_of([&] { user(test, options, "unknown/x"); }, "docker-credential-missing") ==
        Status::unauthenticated);
}

TEST_CASE("no password, pair or token is in a log") {
  TestEnvironment test;
  test.write("home/.docker/config.json", R"({"credHelpers":{"g":"a"},"auths":{"h":{"auth":")" +
                                             encode_base64("u:s3cret") +
                                             R"(","identitytoken":"s3cret-token"}}})");
  test.write_helper("a", R"(echo '{"Username":"u","Secret":"s3cret"}')");
  user(test);
  CHECK(user(test, {}, "g") == "u");
  CHECK_FALSE(test.logs.empty());
  CHECK(test.all_logs().find("s3cret") == std::string::npos);
  CHECK(test.all_logs().find(encode_base64("u:s3cret")) == std::string::npos);
}

TEST_CASE("XDG_RUNTIME_DIR that does not exist is warned of and passed over") {
  TestEnvironment test;
  test.env.variables["XDG_RUNTIME_DIR"] = test.folder.str("gone");
  test.write("home/.docker/config.json", one_login("h", "docker", "p"));
  CHECK(user(test) == "docker");
  CHECK(test.all_logs().find("XDG_RUNTIME_DIR") != std::string::npos);
}

TEST_CASE("an auth file that comes through a pipe can be asked more than once") {
  const TestEnvironment test;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string text = one_login("h", "piped", "p");
  REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  CredentialOptions options;
  options.authfile = "/dev/fd/" + std::to_string(ends[0]);
  const CredentialFinder finder(options, test.env);
  CHECK(finder.find("h")->username == "piped");
  CHECK(finder.find("h/a")->username == "piped");
  CHECK_FALSE(finder.find("g"));
  ::close(ends[0]);
}
