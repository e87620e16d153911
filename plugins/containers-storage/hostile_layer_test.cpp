#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "stage_fixture.hpp"
#include "support/layer_tar/tar_builder.hpp"

using namespace sealos;
using namespace sealos::containers_storage;
using sealos::containers_storage::testing::Stage;
using sealos::layer_tar::testing::TarBuilder;
namespace fs = std::filesystem;

TEST_CASE("names leave the layer in no way") {
  TarBuilder tar;
  tar.file("/abs", "1").file("../../up", "2").symlink("out", "/").file("out/in", "3");
  tar.symlink("up", "../../../..").file("up/too", "4").file("a/../../b", "5");
  const Stage stage(tar.done());
  for (const char* name : {"abs", "too", "in", "b"}) CHECK(fs::exists(stage.diff / name));
  CHECK_FALSE(fs::exists("/in"));
  CHECK_FALSE(fs::exists("/too"));
  CHECK_FALSE(fs::exists(stage.folder.path / "b"));
}

TEST_CASE("hard links reach only what is in the layer") {
  CHECK_THROWS_AS(Stage(TarBuilder().link("a", "/etc/passwd").done()), Error);
  CHECK_THROWS_AS(Stage(TarBuilder().link("a", "../../../etc/passwd").done()), Error);
  CHECK_THROWS_AS(Stage(TarBuilder().symlink("s", "/etc").link("a", "s/passwd").done()), Error);
}

TEST_CASE("a link that changes where it leads is followed anew, and never out") {
  const sealos::testing::TempFolder outside;
  TarBuilder tar;
  tar.folder("one").folder("two").symlink("s", "one").file("s/a", "1");
  tar.symlink("s", "two").file("s/b", "2");
  tar.symlink("s", outside.path.string()).folder("x");
  CHECK_THROWS_AS(Stage(TarBuilder(tar).file("s/c", "3").done()), Error);
  const Stage stage(tar.done());
  CHECK(stage.text("one/a") == "1");
  CHECK(stage.text("two/b") == "2");
  CHECK(fs::is_empty(outside.path));
}

TEST_CASE("a folder that another process swaps for a link leads nowhere out") {
  const sealos::testing::TempFolder outside;
  const fs::path target = outside.path / "target";
  fs::create_directory(target);
  fs::permissions(target, fs::perms::owner_all);
  std::string tar;
  for (int i = 0; i < 1500; ++i) {
    TarBuilder part;
    part.add({"x", '5', "", "", -1, 0777, 1000}).file("x/f" + std::to_string(i), "content");
    tar += part.symlink("x/l" + std::to_string(i), "/").bare();
  }
  tar.append(1024, '\0');
  const sealos::testing::TempFolder folder;
  StagingArea area(
      folder.fd.get(), "stage", [] { return false; }, [](const std::string&) {});
  std::atomic<bool> done = false;
  std::thread swapping([&] {
    const std::string diff = "0/diff";
    while (!done) {
      const int at = ::openat(area.fd(), diff.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (at < 0) continue;
      const Fd root(at);
      ::symlinkat(target.c_str(), at, "link");
      for (int i = 0; i < 100; ++i) ::renameat2(at, "x", at, "link", RENAME_EXCHANGE);
    }
  });
  try {
    stage_layer(area, *memory_stream(tar), std::nullopt, Form::overlay);
  } catch (const Error&) {
    // It may well fail.
  }
  done = true;
  swapping.join();
  CHECK(fs::is_empty(target));
  CHECK(fs::status(target).permissions() == fs::perms::owner_all);
}

TEST_CASE("devices are made where the layer says, and nothing is written through them") {
  if (::geteuid() != 0) return;
  const auto device = [](char type, const char* name) {
    std::string tar = TarBuilder().add({name, type, "", "", -1, 0600, 1000}).bare();
    tar.replace(329, 7, "0000001");  // major
    tar.replace(337, 7, "0000003");  // minor: /dev/null
    tar.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : tar) sum += static_cast<unsigned char>(c);
    tar.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return tar;
  };
  const std::string tar = device('3', "null") + device('4', "disk") + device('6', "fifo") +
                          device('3', "replaced") +
                          TarBuilder().symlink("to", "null").file("to", "a").bare() +
                          TarBuilder().link("second", "null").file("replaced", "b").done();
  const Stage stage(tar);
  CHECK(stage.rebuilt() == tar);
  struct stat st;
  for (const auto& [name, type] : {std::pair("null", S_IFCHR), std::pair("disk", S_IFBLK)}) {
    REQUIRE(::lstat((stage.diff / name).c_str(), &st) == 0);
    CHECK((st.st_mode & S_IFMT) == type);
    CHECK(st.st_rdev == ::makedev(1, 3));
  }
  REQUIRE(::lstat((stage.diff / "fifo").c_str(), &st) == 0);
  CHECK(S_ISFIFO(st.st_mode));
  CHECK(stage.text("to") == "a");
  CHECK(stage.text("replaced") == "b");
  const std::string below = device('3', "null") + TarBuilder().file("null/x", "a").done();
  CHECK_THROWS_AS(Stage{below}, Error);
}

TEST_CASE("a layer that replaces its own files without end is refused") {
  std::string tar;
  const std::string one = TarBuilder().file("a", "x").bare();
  for (int i = 0; i < 10002; ++i) tar += one;
  CHECK_THROWS_AS(Stage(tar + std::string(1024, '\0')), Error);
}
