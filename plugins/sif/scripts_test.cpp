#include "scripts.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>

#include "definition_scripts.hpp"
#include "sealos/sdk/error.hpp"
#include "test_image.hpp"

using namespace sealos;
using namespace sealos::sif;
using namespace sealos::sif::testing;

namespace {

std::string output_of(const std::string& command) {
  std::string out;
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer;
  while (const size_t n = ::fread(buffer.data(), 1, buffer.size(), pipe))
    out.append(buffer.data(), n);
  ::pclose(pipe);
  return out;
}

}  // namespace

TEST_CASE("variables reach the shell as they are, and those from outside win") {
  TempFolder folder;
  ImageConfig config;
  const std::string hostile = "a\"b'c\\d $HOME `id`\nnew line";
  config.environment = {"PATH=/x y", "Q=" + hostile, "OUTSIDE=image", "1bad=x", "IMPORTED"};
  std::vector<std::string> warnings;
  write_text(folder.path / "env", environment_script(config, [&](const std::string& text) {
               warnings.push_back(text);
             }));
  CHECK(warnings.size() == 1);
  const std::string run = "OUTSIDE=mine sh -c '. " + folder.str("env") +
                          "; printf \"%s|%s|%s\" \"$PATH\" \"$OUTSIDE\" \"$Q\"'";
  CHECK(output_of(run) == "/x y|mine|" + hostile);
}

TEST_CASE("arguments take the place of Cmd, and Entrypoint stays") {
  TempFolder folder;
  ImageConfig config;
  config.entrypoint = {"printf", "%s,"};
  config.command = {"one two", "it's $HOME"};
  write_text(folder.path / "run", run_script(config));
  const std::string sh = "sh " + folder.str("run");
  CHECK(output_of(sh) == "one two,it's $HOME,");
  CHECK(output_of(sh + " -c x") == "-c,x,");
  config.entrypoint.clear();
  config.command = {"echo", "hello"};
  write_text(folder.path / "run", run_script(config));
  CHECK(output_of(sh) == "hello\n");
  CHECK(output_of(sh + " echo other") == "other\n");
  CHECK(run_script(config).find("\neval \"set ${SINGULARITY_OCI_RUN}\"\n") != std::string::npos);
}

TEST_CASE("every script is one that a POSIX shell accepts") {
  TempFolder folder;
  for (const FixedScript& script : fixed_scripts()) {
    CAPTURE(script.path);
    write_text(folder.path / "script", script.text);
    CHECK(output_of("sh -n " + folder.str("script") + " 2>&1; echo $?") == "0\n");
  }
}

TEST_CASE("the peers' script is made of the sections of a definition") {
  CHECK(peer_script("bootstrap: x\nfrom: y\n") == "");
  CHECK(
      peer_script("%environment\n  # note\n\n  export A=1 \n%post\n rm x\n%runscript\n  run\n\n") ==
      "#!/bin/bash\nexport A=1\nrun\n\n");
  ImageConfig config;
  config.environment = {"A=1"};
  config.command = {"x"};
  const auto quiet = [](const std::string&) {};
  const std::string text =
      definition("sha256:1", config, environment_script(config, quiet), run_script(config));
  CHECK(peer_script(text).find("A='1'") != std::string::npos);
  CHECK(peer_script(text).find("exec \"$@\"") != std::string::npos);
  config.command = {"two\n%runscript lines"};
  CHECK(peer_script(definition("sha256:1", config, environment_script(config, quiet),
                               run_script(config))) == "");
}

TEST_CASE("times and configurations are read as they are written, others are not believed") {
  CHECK(parse_time("1970-01-01T00:00:01Z") == 1);
  CHECK(parse_time("2024-01-02T03:04:05.123456789+01:00") == *parse_time("2024-01-02T02:04:05Z"));
  CHECK_FALSE(parse_time("1969-01-01T00:00:00Z"));
  CHECK_FALSE(parse_time("yesterday"));
  CHECK(time_text(1) == "1970-01-01T00:00:01Z");
  CHECK(checked_config(R"({"Cmd":["a"],"Env":"wrong","Labels":{"a":1},"Other":{},"User":"u"})")
            .dump() == R"({"Cmd":["a"],"User":"u"})");
  CHECK_THROWS_AS(checked_config("[]"), Error);
  CHECK_THROWS_AS(ImageConfig::parse(R"({"config":{"Env":[1]}})"), Error);
}
