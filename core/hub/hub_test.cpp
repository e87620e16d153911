#include "core/hub/hub.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "support/file/file.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::hub;
using sealos::testing::TempFolder;

TEST_CASE("the hub of a registry and user is found in the home folder alone") {
  const TempFolder folder;
  config::Environment environment;
  environment.home = folder.path.string();
  CHECK_FALSE(find_kubeconfig(environment, "hub.io:5000", "me"));
  std::filesystem::create_directories(folder.path / ".sealos/hub.io:5000/me");
  CHECK_FALSE(find_kubeconfig(environment, "hub.io:5000", "me"));
  replace_file(folder.fd.get(), "config", "x");
  std::filesystem::rename(folder.path / "config", folder.path / ".sealos/hub.io:5000/me/config");
  CHECK(find_kubeconfig(environment, "hub.io:5000", "me") ==
        folder.str(".sealos/hub.io:5000/me/config"));
  CHECK_FALSE(find_kubeconfig(environment, "hub.io:5000", "you"));
  CHECK_FALSE(find_kubeconfig(environment, "hub.io:5000/me", ".."));
  CHECK_FALSE(find_kubeconfig(environment, "hub.io:5000", "x/../me"));
}

TEST_CASE("a hub is opened as its kubeconfig says, and what that has wrong is told") {
  const TempFolder folder;
  replace_file(folder.fd.get(), "config",
               "current-context: it\ncontexts:\n- {name: it, context: {cluster: c}}\n"
               "clusters:\n- {name: c, cluster: {server: 'https://hub:6443/'}}\n");
  CHECK(open_hub(folder.str("config"))->server() == "https://hub:6443");
  replace_file(folder.fd.get(), "config", "a: [");
  CHECK_THROWS_WITH_AS(open_hub(folder.str("config")), doctest::Contains("line"), Error);
}
