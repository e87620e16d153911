#include "support/docker_name/docker_name.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using sealos::DockerName;

TEST_CASE("names have one normal form") {
  CHECK(DockerName::parse("busybox").str() == "docker.io/library/busybox");
  CHECK(DockerName::parse("index.docker.io/busybox:1").str() == "docker.io/library/busybox:1");
  CHECK(DockerName::parse("me/app").str() == "docker.io/me/app");
  CHECK(DockerName::parse("localhost/app:5").str() == "localhost/app:5");
  CHECK(DockerName::parse("127.0.0.1:5000/a/b__c.d--e:v1.0").str() ==
        "127.0.0.1:5000/a/b__c.d--e:v1.0");
  CHECK(DockerName::parse("[::1]:5000/a").domain == "[::1]:5000");
  CHECK(DockerName::parse("Host/app").domain == "Host");
  const std::string digest = "sha256:" + std::string(64, '0');
  const DockerName both = DockerName::parse("r.io/a:t@" + digest);
  CHECK(both.tag == "t");
  CHECK(both.digest->str() == digest);
  CHECK(both.str() == "r.io/a:t@" + digest);
}

TEST_CASE("what is no name is refused") {
  const std::vector<std::string> bad = {"",
                                        "UPPER",
                                        "r.io/App",
                                        "a:",
                                        "a:b:c",
                                        "a//b",
                                        "a/../b",
                                        "a@sha256:12",
                                        "-a",
                                        "a__-b",
                                        "a b",
                                        "r.io:x/a",
                                        "r..io/a",
                                        "a:-x",
                                        std::string(64, 'a'),
                                        "r.io/" + std::string(300, 'a')};
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK_THROWS_AS(DockerName::parse(text), sealos::Error);
  }
}

TEST_CASE("configuration may call an image by wider names; those of domains have no port") {
  CHECK(sealos::enclosing_names(DockerName::parse("reg.example.com:5000/team/app:1")) ==
        std::vector<std::string>{"reg.example.com:5000/team/app", "reg.example.com:5000/team",
                                 "reg.example.com:5000", "*.example.com", "*.com"});
  CHECK(sealos::enclosing_names(DockerName::parse("localhost/app")) ==
        std::vector<std::string>{"localhost/app", "localhost"});
}
