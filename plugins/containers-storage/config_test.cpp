#include "config.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::containers_storage;

namespace {

/// A machine whose /etc and /usr/share lie in a temporary folder.
struct Machine {
  sealos::testing::TempFolder folder;
  Environment environment;

  Machine() { environment.prefix = folder.path.string(); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder.path / path).parent_path());
    std::ofstream(folder.path / path) << text;
  }
  StoreSettings settings(const std::string& details = "app") const {
    return settings_for(split_details(details).store, environment);
  }
};

}  // namespace

TEST_CASE("without configuration root's store is in /var/lib/containers") {
  const Machine machine;
  const StoreSettings settings = machine.settings();
  CHECK(settings.graphroot == machine.folder.str("var/lib/containers/storage"));
  CHECK(settings.driver.empty());
  CHECK(choose_driver(settings) == "overlay");
}

TEST_CASE("the first of the system's files is read, and no other") {
  const Machine machine;
  machine.write("usr/share/containers/storage.conf",
                "[storage]\ndriver = \"vfs\"\ngraphroot = \"/usr-graph\"\n");
  CHECK(machine.settings().graphroot == "/usr-graph");
  CHECK(machine.settings().driver == "vfs");
  machine.write("etc/containers/storage.conf", "[storage]\ngraphroot = \"/etc-graph\"\n");
  CHECK(machine.settings().graphroot == "/etc-graph");
  CHECK(machine.settings().driver.empty());
}

TEST_CASE("CONTAINERS_STORAGE_CONF replaces the system's file and has to be there") {
  Machine machine;
  machine.write("etc/containers/storage.conf", "[storage]\ngraphroot = \"/etc-graph\"\n");
  machine.write("mine.conf",
                "[storage]\ndriver = \"overlay2\"\ngraphroot = \"/mine/$UID/${WORD}x\"\n"
                "[storage.options]\nadditionalimagestores = [\"/more\"]\n"
                "[storage.options.overlay]\nmount_program = \"/usr/bin/fuse-overlayfs\"\n");
  machine.environment.variables["WORD"] = "w";
  machine.environment.variables["CONTAINERS_STORAGE_CONF"] = machine.folder.str("mine.conf");
  const StoreSettings settings = machine.settings();
  CHECK(settings.graphroot == "/mine/0/wx");
  CHECK(settings.driver == "overlay");
  CHECK(settings.additional == std::vector<std::string>{"/more"});
  CHECK(settings.options.at("mount_program") == "/usr/bin/fuse-overlayfs");
  machine.environment.variables["CONTAINERS_STORAGE_CONF"] = "";
  CHECK_THROWS_AS(machine.settings(), Error);
}

TEST_CASE("a file that is no TOML is refused with its line") {
  Machine machine;
  machine.write("etc/containers/storage.conf", "[storage]\ngraphroot = \n");
  CHECK_THROWS_WITH_AS(machine.settings(), doctest::Contains("line 2"), Error);
}

TEST_CASE("drop-ins are merged, and one that moves the store is spoken of") {
  Machine machine;
  machine.write("etc/containers/storage.conf", "[storage]\ngraphroot = \"/etc-graph\"\n");
  machine.write("etc/containers/storage.conf.d/10.conf", "[storage]\ngraphroot = \"/ten\"\n");
  machine.write("usr/share/containers/storage.conf.d/10.conf", "[storage]\ngraphroot = \"/no\"\n");
  const StoreSettings settings = machine.settings();
  CHECK(settings.graphroot == "/ten");
  CHECK(settings.warnings.size() == 1);
}

TEST_CASE("the environment overrides driver and options") {
  Machine machine;
  machine.environment.variables["STORAGE_DRIVER"] = "vfs";
  machine.environment.variables["STORAGE_OPTS"] = "overlay.mountopt=nodev,additionalimagestore=/a";
  CHECK(machine.settings().driver == "vfs");
  CHECK(machine.settings().additional == std::vector<std::string>{"/a"});
  machine.environment.variables["STORAGE_OPTS"] = "nonsense=1";
  CHECK_THROWS_AS(machine.settings(), Error);
  machine.environment.variables["STORAGE_OPTS"] = "";
  machine.environment.variables["STORAGE_DRIVER"] = "btrfs";
  CHECK_THROWS_AS(machine.settings(), Error);
}

TEST_CASE("a store in the reference leaves nothing of the configured options") {
  const Machine machine;
  machine.write("etc/containers/storage.conf",
                "[storage]\ndriver = \"vfs\"\n[storage.options]\n"
                "additionalimagestores = [\"/more\"]\n");
  const StoreSettings settings = machine.settings("[/g+/r]app");
  CHECK(settings.graphroot == "/g");
  CHECK(settings.runroot == "/r");
  CHECK(settings.driver.empty());
  CHECK(settings.additional.empty());
}

TEST_CASE("a user's store is in the user's home, unless the user's file says otherwise") {
  Machine machine;
  machine.environment.uid = 1000;
  machine.environment.rootless = true;
  machine.environment.variables = {{"HOME", machine.folder.str("home")},
                                   {"XDG_RUNTIME_DIR", "/run/user/1000"}};
  machine.write("etc/containers/storage.conf", "[storage]\ngraphroot = \"/etc-graph\"\n");
  CHECK(machine.settings().graphroot == machine.folder.str("home/.local/share/containers/storage"));
  CHECK(machine.settings().runroot == "/run/user/1000/containers");
  machine.write("home/.config/containers/storage.conf", "[storage]\ngraphroot = \"/user-graph\"\n");
  CHECK(machine.settings().graphroot == "/user-graph");
}

TEST_CASE("the driver is that of the folder that exists") {
  const Machine machine;
  StoreSettings settings = machine.settings("[" + machine.folder.str("g") + "]a");
  std::filesystem::create_directories(machine.folder.path / "g/vfs");
  CHECK(choose_driver(settings) == "overlay");  // vfs has to be asked for
  settings.driver_priority = {"vfs"};
  CHECK(choose_driver(settings) == "vfs");
  settings.driver_priority.clear();
  std::filesystem::create_directories(machine.folder.path / "g/btrfs");
  CHECK_THROWS_AS(choose_driver(settings), Error);
  std::filesystem::create_directories(machine.folder.path / "g/overlay");
  CHECK_THROWS_AS(choose_driver(settings), Error);
}
