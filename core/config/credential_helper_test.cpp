#include "core/config/credential_helper.hpp"

#include <doctest/doctest.h>

#include "core/config/helper_process.hpp"
#include "core/config/test_environment.hpp"

using namespace sealos::config;
using sealos::Error;
using sealos::Status;
using std::chrono::milliseconds;

namespace {

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    CHECK(e.status() == Status::unauthenticated);
    return e.message();
  }
  return "(nothing thrown)";
}

}  // namespace

TEST_CASE("a helper gets the server without a line end, and its answer is the login") {
  const TestEnvironment test;
  test.write_helper("a", R"(
server=$(cat; echo .)
[ "$1" = get ] && [ "$server" = "h:5000." ] || exit 1
echo '{"ServerURL":"h:5000","Username":"u","Secret":"p:q"}')");
  const auto login = CredentialHelper("a", test.env).get("h:5000");
  REQUIRE(login);
  CHECK(login->username == "u");
  CHECK(login->password == "p:q");
  CHECK(login->identity_token.empty());
}

TEST_CASE("the user <token> marks an identity token") {
  const TestEnvironment test;
  test.write_helper("a", R"(echo '{"ServerURL":"h","Username":"<token>","Secret":"t"}')");
  const auto login = CredentialHelper("a", test.env).get("h");
  REQUIRE(login);
  CHECK(login->identity_token == "t");
  CHECK(login->username.empty());
  CHECK(login->password.empty());
}

TEST_CASE("a helper that knows no login is no error") {
  const TestEnvironment test;
  test.write_helper("a", "echo credentials not found in native keychain; exit 1");
  CHECK_FALSE(CredentialHelper("a", test.env).get("h"));
  CHECK_FALSE(CredentialHelper("a", test.env).erase("h"));
}

TEST_CASE("docker.io is asked for under podman's name and docker's") {
  const TestEnvironment test;
  test.write_helper("a", R"sh(
read -r server
[ "$server" = https://index.docker.io/v1/ ] && { echo '{"Username":"u","Secret":"p"}'; exit; }
echo credentials not found in native keychain; exit 1)sh");
  CHECK(CredentialHelper("a", test.env).get_for_host("docker.io")->username == "u");
  CHECK_FALSE(CredentialHelper("a", test.env).get_for_host("h"));
}

TEST_CASE("a helper that is missing or fails is an error that says so") {
  const TestEnvironment test;
  CHECK(message_of([&] { CredentialHelper("none", test.env).get("h"); }) ==
        "credential helper docker-credential-none is not found in PATH");
  test.write_helper("says", "echo the keychain is locked; echo more; exit 3");
  CHECK(message_of([&] { CredentialHelper("says", test.env).get("h"); }) ==
        "credential helper docker-credential-says get: exit code 3: the keychain is locked");
  test.write_helper("errors", "echo no session >&2; exit 1");
  CHECK(message_of([&] { CredentialHelper("errors", test.env).get("h"); }) ==
        "credential helper docker-credential-errors get: exit code 1: no session");
  test.write_helper("dies", "kill -9 $$");
  CHECK(message_of([&] { CredentialHelper("dies", test.env).get("h"); }).find("137") !=
        std::string::npos);
  test.write("bin/docker-credential-broken", "\x01\x02", 0755);
  CHECK(message_of([&] {
          CredentialHelper("broken", test.env).get("h");
        }).find("docker-credential-broken") != std::string::npos);
}

TEST_CASE("an answer that is no login is refused without quoting it") {
  const TestEnvironment test;
  test.write_helper("a", "echo '{\"Secret\":\"s3cret\",\"Secret\":\"s3cret\"}'");
  const std::string message = message_of([&] { CredentialHelper("a", test.env).get("h"); });
  CHECK(message.find("not the JSON of a login") != std::string::npos);
  CHECK(message.find("s3cret") == std::string::npos);
}

TEST_CASE("a helper that hangs is killed") {
  TestEnvironment test;
  test.write_helper("a", "echo $$ >\"$PIDFILE\"; exec sleep 1000");
  test.env.variables["PIDFILE"] = test.folder.str("pid");
  CHECK(message_of([&] {
          CredentialHelper("a", test.env, milliseconds(500)).get("h");
        }).find("within 500 ms") != std::string::npos);
  const std::string pid = test.read("pid");
  REQUIRE_FALSE(pid.empty());
  CHECK_FALSE(std::filesystem::exists("/proc/" + pid.substr(0, pid.size() - 1)));
}

TEST_CASE("a helper that leaves a process behind does not hold up the copy") {
  const TestEnvironment test;
  test.write_helper("a", R"(sleep 5 & echo '{"Username":"u","Secret":"p"}')");
  const auto start = std::chrono::steady_clock::now();
  CHECK(CredentialHelper("a", test.env).get("h")->username == "u");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(4));
}

TEST_CASE("a helper that never stops writing is stopped") {
  const TestEnvironment test;
  test.write_helper("a", "exec yes");
  CHECK(message_of([&] { CredentialHelper("a", test.env).get("h"); }).find("1 MiB") !=
        std::string::npos);
}

TEST_CASE("a helper that reads nothing of a long input does no harm") {
  const TestEnvironment test;
  test.write_helper("a", "exit 0");
  CHECK_NOTHROW(
      CredentialHelper("a", test.env).store("h", {"u", std::string(500000, 'p'), "", ""}));
}

TEST_CASE("store hands the login over on standard input alone") {
  TestEnvironment test;
  test.env.variables["OUT"] = test.folder.str("out");
  test.write_helper("a", "{ cat; echo; echo \"$@\"; env; } >\"$OUT\"");
  CredentialHelper("a", test.env).store("h", {"u", "s3cret\"", "", ""});
  const std::string out = test.read("out");
  CHECK(out.starts_with(R"({"ServerURL":"h","Username":"u","Secret":"s3cret\""})"
                        "\nstore\n"));
  CHECK(out.find("s3cret", 60) == std::string::npos);
  CredentialHelper("a", test.env).store("h", {"", "", "t", ""});
  CHECK(test.read("out").starts_with(R"({"ServerURL":"h","Username":"<token>","Secret":"t"})"));
}

TEST_CASE("what a failing helper repeats of the secret is hidden") {
  const TestEnvironment test;
  test.write_helper("a", "echo cannot store s3cret; exit 1");
  const std::string message = message_of([&] {
    CredentialHelper("a", test.env).store("h", {"u", "s3cret", "", ""});
  });
  CHECK(message.find("cannot store (secret)") != std::string::npos);
}

TEST_CASE("list gives servers and users") {
  const TestEnvironment test;
  test.write_helper("a", R"(echo '{"h":"u","g":"v"}')");
  const auto list = CredentialHelper("a", test.env).list();
  REQUIRE(list.size() == 2);
  CHECK(list[1] == std::pair<std::string, std::string>("g", "v"));
}

TEST_CASE("a suffix is a plain name, and PATH's relative folders are not searched") {
  TestEnvironment test;
  for (const char* suffix : {"", "../x", "a/b", "a b", "a;b", "$(x)"}) {
    CAPTURE(suffix);
    CHECK_THROWS_AS(CredentialHelper(suffix, test.env), Error);
  }
  test.env.variables["PATH"] = ".::bin";
  CHECK_FALSE(CredentialHelper("a", test.env).installed());
}
