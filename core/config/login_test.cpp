#include "core/config/login.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "core/config/auth_file_edit.hpp"
#include "core/config/test_environment.hpp"

using namespace sealos::config;
using sealos::Error;
using sealos::Json;
using sealos::Status;

namespace {

Logins logins(const TestEnvironment& test, const std::string& file) {
  return Logins(test.folder.str(file), {kAuthFileHelper}, test.env);
}

std::string user(const TestEnvironment& test, const std::string& file, const std::string& scope) {
  CredentialOptions options;
  options.authfile = test.folder.str(file);
  const auto login = CredentialFinder(options, test.env).find(scope);
  return login ? login->username + "/" + login->password + "/" + login->identity_token : "(none)";
}

unsigned mode_of(const std::string& path) {
  struct stat st {};
  CHECK(::stat(path.c_str(), &st) == 0);
  return st.st_mode & 07777;
}

}  // namespace

TEST_CASE("a saved login is found, in a file that only the user may read") {
  const TestEnvironment test;
  const auto my = logins(test, "new/folder/auth.json");
  CHECK(my.save("h:5000", {"u", "p:q\xc3\xa9", "", ""}) == test.folder.str("new/folder/auth.json"));
  my.save("h:5000/ns", {"n", "p", "", ""});
  my.save("t.x", {"", "", "token", ""});
  CHECK(mode_of(test.folder.str("new/folder/auth.json")) == 0600);
  CHECK(mode_of(test.folder.str("new/folder")) == 0700);
  CHECK(user(test, "new/folder/auth.json", "h:5000/a") == "u/p:q\xc3\xa9/");
  CHECK(user(test, "new/folder/auth.json", "h:5000/ns/a") == "n/p/");
  CHECK(user(test, "new/folder/auth.json", "t.x") == "//token");
}

TEST_CASE("members that are not understood stay, in their order, one a line") {
  const TestEnvironment test;
  test.write(
      "config.json",
      R"({"psFormat":"table {{.ID}}\t","auths":{"g":{"auth":"dTpw","email":"e"}},"x":[1,{}]})",
      0644);
  logins(test, "config.json").save("h.x", {"u", "p", "", ""});
  CHECK(test.read("config.json") ==
        "{\n\t\"psFormat\": \"table {{.ID}}\\t\",\n\t\"auths\": {\n\t\t\"g\": {\n"
        "\t\t\t\"auth\": \"dTpw\",\n\t\t\t\"email\": \"e\"\n\t\t},\n\t\t\"h.x\": {\n"
        "\t\t\t\"auth\": \"dTpw\"\n\t\t}\n\t},\n\t\"x\": [\n\t\t1,\n\t\t{}\n\t]\n}");
  CHECK(mode_of(test.folder.str("config.json")) == 0600);
  CHECK(indented(Json::parse(R"({"a":"}\"{","b":{},"c":[]})")) ==
        "{\n\t\"a\": \"}\\\"{\",\n\t\"b\": {},\n\t\"c\": []\n}");
}

TEST_CASE("a link to the file stays a link") {
  const TestEnvironment test;
  test.write("real/auth.json", "{}");
  std::filesystem::create_symlink("real/auth.json", test.folder.path / "link.json");
  logins(test, "link.json").save("h.x", {"u", "p", "", ""});
  CHECK(std::filesystem::is_symlink(test.folder.path / "link.json"));
  CHECK(user(test, "real/auth.json", "h.x") == "u/p/");
}

TEST_CASE("a file that is wrong is left as it is") {
  const TestEnvironment test;
  for (const char* text : {"", "{", "[]", R"({"auths":[]})"}) {
    const std::string path = test.write("auth.json", text);
    try {
      logins(test, "auth.json").save("h.x", {"u", "s3cret", "", ""});
      FAIL("it was written");
    } catch (const Error& e) {
      CHECK(e.message().find(path) != std::string::npos);
      CHECK(e.message().find("s3cret") == std::string::npos);
    }
    CHECK(test.read("auth.json") == text);
  }
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test.folder.path))
    files += entry.is_regular_file() ? 1 : 0;
  CHECK(files == 1);
}

TEST_CASE("a login is removed under every spelling of its host, and others stay") {
  const TestEnvironment test;
  test.write("auth.json", R"({"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},)"
                          R"("docker.io":{"auth":"dTpw"},"docker.io/ns":{"auth":"dTpw"},)"
                          R"("h.x":{"auth":"dTpw"}}})");
  const auto my = logins(test, "auth.json");
  CHECK(my.remove("docker.io"));
  CHECK(user(test, "auth.json", "docker.io/a") == "(none)");
  CHECK(user(test, "auth.json", "docker.io/ns/a") == "u/p/");
  CHECK(user(test, "auth.json", "h.x/a") == "u/p/");
  CHECK_FALSE(my.remove("docker.io"));
  CHECK_FALSE(my.remove("h.x/ns"));
  CHECK(my.remove("docker.io/ns"));
  my.remove_all();
  CHECK(my.list().empty());
  CHECK_FALSE(logins(test, "none.json").remove("h.x"));
  CHECK_FALSE(std::filesystem::exists(test.folder.str("none.json")));
}

TEST_CASE("a host with a helper in the file is kept by that helper alone") {
  TestEnvironment test;
  test.env.variables["OUT"] = test.folder.str("out");
  test.write_helper("a", R"sh(
case $1 in
  store) cat >"$OUT" ;;
  get) [ -s "$OUT" ] && cat "$OUT" && exit
       echo credentials not found in native keychain; exit 1 ;;
  erase) rm "$OUT" ;;
  list) echo '{"https://h.x":"u","g.x":"v"}' ;;
esac)sh");
  const std::string text = R"({"credHelpers":{"h.x":"a"},"auths":{"k.x":{"auth":"dTpw"}}})";
  test.write("auth.json", text);
  const auto my = logins(test, "auth.json");
  CHECK(my.save("h.x", {"u", "p", "", ""}) == "docker-credential-a");
  CHECK(test.read("auth.json") == text);
  CHECK(user(test, "auth.json", "h.x/a") == "u/p/");
  CHECK_THROWS_AS(my.save("h.x/ns", {"u", "p", "", ""}), Error);
  const auto list = my.list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].scope == "https://h.x");
  CHECK(list[0].place == "docker-credential-a");
  CHECK(list[1].scope == "k.x");
  CHECK(list[1].user == "u");
  CHECK(list[1].place == test.folder.str("auth.json"));
  CHECK(my.remove("h.x"));
  CHECK_FALSE(my.remove("h.x"));
}

TEST_CASE("helpers of registries.conf keep logins in place of the file") {
  TestEnvironment test;
  test.env.variables["OUT"] = test.folder.str("out");
  test.write_helper("a", "cat >\"$OUT\"");
  const std::string file = test.folder.str("auth.json");
  CHECK(Logins(file, {"a", kAuthFileHelper}, test.env).save("h.x", {"u", "p", "", ""}) ==
        "docker-credential-a");
  CHECK(test.read("out") == R"({"ServerURL":"h.x","Username":"u","Secret":"p"})");
  CHECK(Logins(file, {"missing", kAuthFileHelper}, test.env).save("h.x", {"u", "p", "", ""}) ==
        file);
  CHECK_THROWS_AS(Logins(file, {"missing"}, test.env).save("h.x", {"u", "p", "", ""}), Error);
}

TEST_CASE("without options the file is where podman writes it") {
  TestEnvironment test;
  const auto path = [&] { return Logins(std::nullopt, {kAuthFileHelper}, test.env).path(); };
  CHECK(path() == test.folder.str("root/run/containers/4711/auth.json"));
  test.env.variables["XDG_RUNTIME_DIR"] = test.folder.str("run");
  CHECK_THROWS_AS(path(), Error);
  std::filesystem::create_directories(test.folder.path / "run");
  CHECK(path() == test.folder.str("run/containers/auth.json"));
  test.env.variables["DOCKER_CONFIG"] = "/d";
  CHECK(path() == "/d/config.json");
  test.env.variables["REGISTRY_AUTH_FILE"] = "/r.json";
  CHECK(path() == "/r.json");
}

TEST_CASE("many who log in at once all succeed") {
  const TestEnvironment test;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&test, i] {
        logins(test, "auth.json").save("h" + std::to_string(i) + ".x", {"u", "p", "", ""});
      });
    }
  }
  CHECK(logins(test, "auth.json").list().size() == 8);
}

TEST_CASE("a registry is a host, or a namespace of one") {
  CHECK(Logins::normal_scope("h.x") == "h.x");
  CHECK(Logins::normal_scope("h.x/") == "h.x");
  CHECK(Logins::normal_scope("https://h.x:5000/v2/") == "h.x:5000");
  CHECK(Logins::normal_scope("h.x/a/b") == "h.x/a/b");
  CHECK(Logins::normal_scope("localhost") == "localhost");
  CHECK(Logins::normal_scope("index.docker.io") == "docker.io");
  CHECK(Logins::normal_scope("docker.io/me") == "docker.io/me");
  CHECK(Logins::normal_scope("[::1]:5000") == "[::1]:5000");
  for (const char* text :
       {"", "/", "h", "h.x/a:1", "h.x/A", "h.x/a@sha256:0", "h x", "u@h.x", "ftp://h.x", "-h.x"}) {
    CAPTURE(text);
    try {
      Logins::normal_scope(text);
      FAIL("it was accepted");
    } catch (const Error& e) {
      CHECK(e.status() == Status::invalid);
    }
  }
}
