#include "core/config/registries.hpp"

#include <doctest/doctest.h>

#include "core/config/credentials.hpp"
#include "core/config/short_names.hpp"
#include "core/config/test_environment.hpp"

using namespace sealos::config;
using sealos::DockerName;
using sealos::Error;
using sealos::Status;

namespace {

const std::string kDigest = "@sha256:" + std::string(64, 'a');

Registries load(const TestEnvironment& test) { return Registries::load({}, test.env); }

Registries of_text(const TestEnvironment& test, const std::string& text) {
  test.write("root/etc/containers/registries.conf", text);
  return load(test);
}

/// "mirror/x:1 insecure, place/x:1".
std::string pulls(const Registries& registries, const std::string& name) {
  std::string out;
  for (const PullEndpoint& at : registries.resolve_pull(DockerName::parse(name))) {
    if (!out.empty()) out += ", ";
    out += at.name.str() + (at.insecure ? " insecure" : "") + (at.mirror ? " mirror" : "");
  }
  return out;
}

std::string names(const std::vector<DockerName>& list) {
  std::string out;
  for (const DockerName& name : list) out += (out.empty() ? "" : ", ") + name.str();
  return out;
}

std::string refusal(const TestEnvironment& test, const std::string& text, bool drop_in = false) {
  const std::string path = test.write(drop_in ? "root/etc/containers/registries.conf.d/x.conf"
                                              : "root/etc/containers/registries.conf",
                                      text);
  try {
    load(test);
  } catch (const Error& e) {
    CHECK(e.status() == Status::invalid);
    CHECK(e.message().find(path) != std::string::npos);
    return e.message();
  }
  return "(nothing thrown)";
}

}  // namespace

TEST_CASE("without any file every image is at its own registry") {
  const TestEnvironment test;
  const Registries registries = load(test);
  CHECK(pulls(registries, "h:5000/a:1") == "h:5000/a:1");
  CHECK_FALSE(registries.check_push(DockerName::parse("h:5000/a:1")));
  CHECK(registries.credential_helpers() == std::vector<std::string>{kAuthFileHelper});
}

TEST_CASE("the longest prefix that ends at a boundary counts") {
  CHECK(match_prefix("h.x/a/b:1", "h.x") == 3);
  CHECK(match_prefix("h.x/a/b:1", "h.x/a") == 5);
  CHECK(match_prefix("h.x/a/b:1", "h.x/a/b:1") == 9);
  CHECK(match_prefix("h.x/ab:1", "h.x/a") == 0);
  CHECK(match_prefix("h.xy/a:1", "h.x") == 0);
  CHECK(match_prefix("h.x/a@sha256:0", "h.x/a") == 5);
  CHECK(match_prefix("a.h.x/a", "*.h.x") == 5);
  CHECK(match_prefix("a.b.h.x:9/a", "*.h.x") == 7);
  CHECK(match_prefix("h.x/a", "*.h.x") == 0);
  CHECK(match_prefix("a.h.xy/a", "*.h.x") == 0);
  CHECK(match_prefix("other/a.h.x", "*.h.x") == 0);
  const TestEnvironment test;
  const Registries registries = of_text(test, R"(
[[registry]]
location = "h.x"
insecure = true
[[registry]]
prefix = "h.x/a"
location = "one.y/p"
[[registry]]
prefix = "h.x/a/b:2"
location = "two.y/q:3"
[[registry]]
prefix = "*.wild.x"
insecure = true
[[registry]]
prefix = "*.moved.x"
location = "place.y:1/sub"
)");
  CHECK(pulls(registries, "h.x/c:1") == "h.x/c:1 insecure");
  CHECK(pulls(registries, "h.x/a/b:1") == "one.y/p/b:1");
  CHECK(pulls(registries, "h.x/a/b:2") == "two.y/q:3");
  CHECK(pulls(registries, "a.b.wild.x/c:1") == "a.b.wild.x/c:1 insecure");
  CHECK(pulls(registries, "a.moved.x/c:1") == "place.y:1/sub/c:1");
  CHECK(pulls(registries, "wild.x/c:1") == "wild.x/c:1");
}

TEST_CASE("docker.io is matched and written in its normal form") {
  const TestEnvironment test;
  const Registries registries = of_text(test, R"(
[[registry]]
prefix = "docker.io/library"
location = "cache.y/hub"
[[registry]]
prefix = "hub.x"
location = "docker.io"
)");
  CHECK(pulls(registries, "busybox:1") == "cache.y/hub/busybox:1");
  CHECK(pulls(registries, "me/app:1") == "docker.io/me/app:1");
  CHECK(pulls(registries, "hub.x/busybox:1") == "docker.io/library/busybox:1");
}

TEST_CASE("mirrors come first, each for digests, tags or both") {
  const TestEnvironment test;
  const Registries registries = of_text(test, R"(
[[registry]]
location = "h.x"
[[registry.mirror]]
location = "all.y"
insecure = true
[[registry.mirror]]
location = "digests.y/sub/"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.y"
pull-from-mirror = "tag-only"

[[registry]]
prefix = "d.x"
location = "d.y"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.y"
)");
  CHECK(pulls(registries, "h.x/a:1") == "all.y/a:1 insecure mirror, tags.y/a:1 mirror, h.x/a:1");
  CHECK(pulls(registries, "h.x/a" + kDigest) == "all.y/a" + kDigest +
                                                    " insecure mirror, digests.y/sub/a" + kDigest +
                                                    " mirror, h.x/a" + kDigest);
  CHECK(pulls(registries, "d.x/a:1") == "d.y/a:1");
  CHECK(pulls(registries, "d.x/a" + kDigest) == "m.y/a" + kDigest + " mirror, d.y/a" + kDigest);
}

TEST_CASE("a push is neither rewritten nor mirrored, but may be insecure") {
  const TestEnvironment test;
  const Registries registries = of_text(test, R"(
[[registry]]
prefix = "h.x"
location = "elsewhere.y"
insecure = true
[[registry.mirror]]
location = "m.y"
)");
  CHECK(registries.check_push(DockerName::parse("h.x/a")));
  CHECK_FALSE(registries.check_push(DockerName::parse("m.y/a")));
}

TEST_CASE("what is blocked is neither pulled nor pushed, and the file is named") {
  const TestEnvironment test;
  const Registries registries = of_text(test, R"(
[[registry]]
location = "no.x"
blocked = true
[[registry]]
prefix = "via.x"
location = "ok.y"
[[registry.mirror]]
location = "no.x/sub"
[[registry]]
prefix = "into.x"
location = "no.x/into"
blocked = false
)");
  const std::string text =
      "registry no.x is blocked in " + test.folder.str("root/etc/containers/registries.conf");
  CHECK_THROWS_WITH_AS(registries.check_push(DockerName::parse("no.x/a")), text.c_str(), Error);
  CHECK_THROWS_WITH_AS(registries.resolve_pull(DockerName::parse("no.x/a")), text.c_str(), Error);
  CHECK_THROWS_WITH_AS(registries.resolve_pull(DockerName::parse("into.x/a")), text.c_str(), Error);
  CHECK(pulls(registries, "via.x/a:1") == "ok.y/a:1");
  try {
    registries.check_push(DockerName::parse("no.x/a"));
  } catch (const Error& e) {
    CHECK(e.status() == Status::denied);
  }
}

TEST_CASE("drop-ins replace lists and whole entries, the user's after the system's") {
  TestEnvironment test;
  test.write("root/etc/containers/registries.conf", R"(
unqualified-search-registries = ["one.x", "two.x"]
short-name-mode = "enforcing"
credential-helpers = ["a"]
[aliases]
"keep" = "k.x/keep"
"gone" = "k.x/gone"
"other" = "k.x/other"
[[registry]]
location = "h.x"
insecure = true
[[registry.mirror]]
location = "m.x"
)");
  test.write("root/etc/containers/registries.conf.d/01.conf", R"(
[[registry]]
location = "h.x"
[aliases]
"gone" = ""
"other" = "k.x/changed"
)");
  test.write("root/etc/containers/registries.conf.d/02.conf", "short-name-mode = \"disabled\"\n");
  test.write("root/etc/containers/registries.conf.d/03.txt", "not read [");
  test.write("home/.config/containers/registries.conf.d/00.conf",
             "unqualified-search-registries = [\"three.x\"]\n");
  const Registries registries = load(test);
  CHECK(pulls(registries, "h.x/a:1") == "h.x/a:1");
  CHECK(registries.search() == std::vector<std::string>{"three.x"});
  CHECK(registries.short_name_mode() == ShortNameMode::disabled);
  CHECK(registries.credential_helpers() == std::vector<std::string>{"a"});
  CHECK(names(registries.resolve_short_name("keep", false).names) == "k.x/keep:latest");
  CHECK(names(registries.resolve_short_name("gone", false).names) == "three.x/gone:latest");
  CHECK(names(registries.resolve_short_name("other:2", false).names) == "k.x/changed:2");
}

TEST_CASE("the user's own file takes the place of the system's and its drop-ins") {
  TestEnvironment test;
  test.write("root/etc/containers/registries.conf", "unqualified-search-registries=['sys.x']");
  test.write("root/etc/containers/registries.conf.d/1.conf", "short-name-mode='enforcing'");
  test.write("home/.config/containers/registries.conf", "unqualified-search-registries=['me.x']");
  CHECK(load(test).search() == std::vector<std::string>{"me.x"});
  CHECK(load(test).short_name_mode() == ShortNameMode::permissive);
  test.env.variables["CONTAINERS_REGISTRIES_CONF"] =
      test.write("named.conf", "unqualified-search-registries=['named.x']");
  CHECK(load(test).search() == std::vector<std::string>{"named.x"});
  CHECK(load(test).short_name_mode() == ShortNameMode::enforcing);
  Registries::Options options;
  options.file = test.folder.str("none.conf");
  CHECK_THROWS_AS(Registries::load(options, test.env), Error);
  options.file = test.write("flag.conf", "");
  options.drop_ins = test.folder.str("no-folder");
  CHECK(Registries::load(options, test.env).search().empty());
  CHECK(Registries::load(options, test.env).short_name_mode() == ShortNameMode::permissive);
}

TEST_CASE("a wrong file is refused, naming the file, the line and the key") {
  const TestEnvironment test;
  CHECK(refusal(test, "a = 1\nx = [").find("line ") != std::string::npos);
  CHECK(refusal(test, "\nunqualified-search-registries = 'x'")
            .find("line 2: \"unqualified-search-registries\" is not an array of strings") !=
        std::string::npos);
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"short-name-mode='x'", "short-name-mode"},
           {"unqualified-search-registries=['h.x/ns']", "h.x/ns"},
           {"credential-helpers=[1]", "credential-helpers"},
           {"[registry]\nlocation='a'", "array of tables"},
           {"[[registry]]", "neither prefix nor location"},
           {"[[registry]]\nprefix='a'", "no location"},
           {"[[registry]]\nlocation='https://a'", "URL scheme"},
           {"[[registry]]\nlocation='a'\ninsecure='yes'", "\"insecure\" is not true or false"},
           {"[[registry]]\nlocation='a'\npull-from-mirror='all'", "which is for mirrors"},
           {"[[registry]]\nprefix='*.a/b'\nlocation='c'", "*.example.com"},
           {"[[registry]]\nlocation='a'\n[[registry.mirror]]\ninsecure=true", "no location"},
           {"[[registry]]\nlocation='a'\n[[registry.mirror]]\nlocation='b'\n"
            "pull-from-mirror='x'",
            "pull-from-mirror"},
           {"[[registry]]\nlocation='a'\nmirror-by-digest-only=true\n[[registry.mirror]]\n"
            "location='b'\npull-from-mirror='all'",
            "only one is allowed"},
           {"[[registry]]\nlocation='a'\n[[registry]]\nprefix='b'\nlocation='a'\nblocked=true",
            "conflicting \"blocked\""},
           {"[[registry]]\nlocation='a'\n[[registry]]\nprefix='b'\nlocation='a'\ninsecure=true",
            "conflicting \"insecure\""},
           {"[aliases]\n'a:1'='b.c/d'", "alias \"a:1\""},
           {"[aliases]\n'q.w/a'='b.c/d'", "alias \"q.w/a\""},
           {"[aliases]\n'a'='d'", "\"d\""},
           {"[aliases]\n'a'='b.c/d:1'", "b.c/d:1"},
           {"[aliases]\n'a'=1", "not a string"},
           {"unqualified-search-registries=['a']\n[registries.search]\nregistries=['b']",
            "mixes version 1"}}) {
    const std::string shown = text;
    CAPTURE(shown);
    CHECK(refusal(test, text).find(part) != std::string::npos);
  }
}

TEST_CASE("version 1 is understood alone, and refused in a drop-in") {
  const TestEnvironment test;
  const std::string old = R"(
[registries.search]
registries = ["s.x"]
[registries.insecure]
registries = ["i.x/"]
[registries.block]
registries = ["b.x"]
)";
  const Registries registries = of_text(test, old);
  CHECK(registries.search() == std::vector<std::string>{"s.x"});
  CHECK(pulls(registries, "i.x/a:1") == "i.x/a:1 insecure");
  CHECK_THROWS_AS(registries.check_push(DockerName::parse("b.x/a")), Error);
  CHECK(refusal(test, old, true).find("version 1") != std::string::npos);
}

TEST_CASE("unknown keys are ignored") {
  const TestEnvironment test;
  const Registries registries =
      of_text(test, "new-key = 1\n[new]\nx = 2\n[[registry]]\nlocation = 'a.x'\nnew = []\n");
  CHECK(pulls(registries, "a.x/b:1") == "a.x/b:1");
}

TEST_CASE("a name is short if its first component is no host") {
  for (const char* text : {"a", "a:1", "a/b", "a/b/c:1", "a.b:1"}) CHECK(is_short_name(text));
  for (const char* text : {"a.b/c", "a:1/c", "localhost/a", "docker.io/a"})
    CHECK_FALSE(is_short_name(text));
}

TEST_CASE("short names become learned aliases, aliases, or names at the search registries") {
  TestEnvironment test;
  test.write("root/etc/containers/registries.conf",
             "unqualified-search-registries=['one.x','docker.io']\n"
             "[aliases]\n'al'='k.x/al'\n'al/sub'='k.x/sub'\n");
  Registries registries = load(test);
  CHECK(names(registries.resolve_short_name("al", true).names) == "k.x/al:latest");
  CHECK(names(registries.resolve_short_name("al:2" + kDigest, true).names) == "k.x/al:2" + kDigest);
  CHECK(names(registries.resolve_short_name("al/sub" + kDigest, true).names) ==
        "k.x/sub" + kDigest);
  CHECK(names(registries.resolve_short_name("h.x/full", true).names) == "h.x/full:latest");
  const ShortNameCandidates both = registries.resolve_short_name("x:1", true);
  CHECK(names(both.names) == "one.x/x:1, docker.io/library/x:1");
  CHECK(both.ask);
  CHECK_FALSE(registries.resolve_short_name("x:1", false).ask);
  CHECK(names(registries.local_candidates("al:2")) ==
        "k.x/al:2, localhost/al:2, one.x/al:2, docker.io/library/al:2");

  Registries::remember_alias("x:1", DockerName::parse("one.x/x:1"), test.env);
  Registries::remember_alias("al", DockerName::parse("two.x/al"), test.env);
  registries = load(test);
  CHECK(names(registries.resolve_short_name("x:3", true).names) == "one.x/x:3");
  CHECK(names(registries.resolve_short_name("al", true).names) == "two.x/al:latest");
  CHECK(test.read("home/.cache/containers/short-name-aliases.conf") ==
        "[aliases]\n  \"al\" = \"two.x/al\"\n  \"x\" = \"one.x/x\"\n");
}

TEST_CASE("short-name-mode says what happens where nobody can be asked") {
  TestEnvironment test;
  const std::string search = "unqualified-search-registries=['one.x','two.x']\n";
  Registries registries = of_text(test, search + "short-name-mode='enforcing'");
  CHECK_THROWS_AS(registries.resolve_short_name("x", false), Error);
  CHECK(registries.resolve_short_name("x", true).ask);
  registries = of_text(test, search + "short-name-mode='disabled'");
  CHECK_FALSE(registries.resolve_short_name("x", true).ask);
  CHECK(registries.resolve_short_name("x", false).names.size() == 2);
  registries = of_text(test, "");
  CHECK_THROWS_AS(registries.resolve_short_name("x", true), Error);
  CHECK_THROWS_AS(registries.resolve_short_name("UPPER", true), Error);
}

TEST_CASE("root's learned aliases are in the system's cache") {
  TestEnvironment test;
  test.env.user = 0;
  CHECK(learned_aliases_path(test.env) ==
        test.folder.str("root/var/cache/containers/short-name-aliases.conf"));
}
