#include "core/hub/kubeconfig.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/config/secret.hpp"
#include "support/file/file.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::hub;
using sealos::testing::TempFolder;

namespace {

struct Files {
  TempFolder folder;
  void write(const std::string& name, const std::string& text) const {
    replace_file(folder.fd.get(), name, text);
  }
  ClusterAccess read(const std::string& cluster, const std::string& user,
                     const std::string& more = "") const {
    write("config",
          "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
          "contexts:\n- {name: other, context: {cluster: x, user: y}}\n"
          "- {name: it, context: {cluster: c, user: u}}\n"
          "clusters:\n- {name: c, cluster: {" +
              cluster +
              "}}\n"
              "users:\n- {name: u, user: {" +
              user + "}}\n" + more);
    return read_kubeconfig(folder.str("config"));
  }
  std::string problem_of(const std::string& cluster, const std::string& user) const {
    try {
      read(cluster, user);
      return "none";
    } catch (const Error& e) {
      return e.message();
    }
  }
};

const std::string kServer = "server: 'https://hub:6443/'";

}  // namespace

TEST_CASE("the current context says where the cluster is and who asks") {
  const Files files;
  files.write("ca.crt", "authority");
  files.write("token", "secret\n");
  const ClusterAccess access = files.read(
      kServer + ", certificate-authority: ca.crt, tls-server-name: kubernetes", "tokenFile: token");
  CHECK(access.server == "https://hub:6443");
  CHECK(access.tls.verify);
  CHECK_FALSE(access.tls.trust_system);
  CHECK(access.tls.ca_texts == std::vector<std::string>{"authority"});
  CHECK(access.tls.server_name == "kubernetes");
  CHECK(access.authorization == "Bearer secret");
}

TEST_CASE("certificates and keys stand in the file or in others, the file itself first") {
  const Files files;
  files.write("key.pem", "a key");
  const ClusterAccess access =
      files.read(kServer + ", insecure-skip-tls-verify: true, certificate-authority: missing, " +
                     "certificate-authority-data: " + config::encode_base64("authority"),
                 "client-certificate-data: " + config::encode_base64("a certificate") +
                     ", client-key: key.pem");
  CHECK_FALSE(access.tls.verify);
  CHECK(access.tls.ca_texts.front() == "authority");
  REQUIRE(access.tls.client_pairs.size() == 1);
  CHECK(access.tls.client_pairs[0].certificate == "a certificate");
  CHECK(access.tls.client_pairs[0].key == "a key");
  CHECK(access.tls.client_pairs[0].texts);
  CHECK(access.authorization == "");
  CHECK(files.read(kServer, "username: me, password: pw").authorization ==
        "Basic " + config::encode_base64("me:pw"));
  CHECK(files.read(kServer, "token: abc").tls.trust_system);
}

TEST_CASE("a proxy of its own is used for the cluster") {
  const Files files;
  const auto access = files.read(kServer + ", proxy-url: 'http://proxy:3128'", "token: x");
  CHECK(access.proxies.proxy_for(http::Url::parse(access.server))->host == "proxy");
  CHECK(files.problem_of(kServer + ", proxy-url: 'socks5://proxy:1'", "token: x").find("socks5") !=
        std::string::npos);
}

TEST_CASE("what cannot be used is refused with the file's name") {
  const Files files;
  const auto has = [&](const std::string& text, const std::string& part) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
    CHECK(text.find("config: ") != std::string::npos);
  };
  has(files.problem_of(kServer, "exec: {command: aws}"), "exec, which is not supported");
  has(files.problem_of(kServer, "as: root"), "not supported");
  has(files.problem_of(kServer, "client-key: key.pem"), "key.pem is missing");
  has(files.problem_of(kServer, "client-key-data: '!'"), "no base64");
  has(files.problem_of(kServer, "client-key-data: " + config::encode_base64("k")),
      "without the other");
  has(files.problem_of("server: ''", "token: x"), "no server");
  has(files.problem_of("server: 'ftp://x'", "token: x"), "ftp");
  has(files.problem_of(kServer + ", insecure-skip-tls-verify: maybe", "token: x"), "maybe");
  files.write("config", "kind: Config\ncurrent-context: gone\n");
  CHECK_THROWS_WITH_AS(read_kubeconfig(files.folder.str("config")),
                       doctest::Contains("contexts has no \"gone\""), Error);
  files.write("config", "kind: Config\n");
  CHECK_THROWS_AS(read_kubeconfig(files.folder.str("config")), Error);
  files.write("config", "a: [");
  CHECK_THROWS_WITH_AS(read_kubeconfig(files.folder.str("config")), doctest::Contains("line"),
                       Error);
  CHECK_THROWS_AS(read_kubeconfig(files.folder.str("none")), Error);
}
