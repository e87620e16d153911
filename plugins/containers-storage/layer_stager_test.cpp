#include "layer_stager.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <fstream>

#include "stage_fixture.hpp"
#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/crc64.hpp"
#include "support/layer_tar/tar_builder.hpp"
#include "support/layer_tar/tar_split.hpp"
#include "support/testing/temp_folder.hpp"
#include "tree.hpp"

using namespace sealos;
using namespace sealos::containers_storage;
using namespace sealos::layer_tar;
using sealos::containers_storage::testing::Stage;
using sealos::layer_tar::testing::TarBuilder;
namespace fs = std::filesystem;

namespace {

void check_round_trip(const std::string& tar) {
  const Stage stage(tar);
  CHECK(stage.rebuilt() == tar);
  CHECK(stage.layer.diff_id == digest_of(tar));
  CHECK(stage.layer.diff_size == static_cast<std::int64_t>(tar.size()));
}

}  // namespace

TEST_CASE("the checksum is Go's CRC-64 with the ISO polynomial") {
  Crc64 crc;
  crc.update(std::as_bytes(std::span(std::string_view("123456789"))));
  CHECK(crc.value() == 0xb90956c775a41001);
  const std::string long_text(1000, 'x');
  Crc64 whole, parts;
  whole.update(std::as_bytes(std::span(long_text)));
  for (size_t i = 0; i < 1000; i += 7)
    parts.update(std::as_bytes(std::span(std::string_view(long_text).substr(i, 7))));
  CHECK(whole.value() == parts.value());
}

TEST_CASE("a layer is laid down with modes, times, links and holes") {
  std::string sparse(100000, '\0');
  sparse[99999] = 'x';
  TarBuilder tar;
  tar.folder("d/").file("d/a", "content").link("d/b", "d/a").symlink("d/c", "/etc/passwd");
  tar.add({"d/suid", '0', "x", "", -1, 04755, 5}).file("sparse", sparse);
  tar.pax({{"mtime", "12.5"}, {"SCHILY.xattr.user.x", std::string("a\0b", 3)}}).file("t", "");
  const Stage stage(tar.done());
  CHECK(stage.rebuilt() == tar.done());
  CHECK(stage.text("d/b") == "content");
  CHECK(fs::hard_link_count(stage.diff / "d/a") == 2);
  CHECK(fs::read_symlink(stage.diff / "d/c") == "/etc/passwd");
  struct stat st;
  REQUIRE(::lstat((stage.diff / "d/suid").c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 04755);
  REQUIRE(::lstat((stage.diff / "sparse").c_str(), &st) == 0);
  CHECK(st.st_blocks * 512 < 100000);
  REQUIRE(::lstat((stage.diff / "t").c_str(), &st) == 0);
  CHECK(st.st_mtim.tv_sec == 12);
  CHECK(st.st_mtim.tv_nsec == 500000000);
  REQUIRE(::lstat((stage.diff / "d").c_str(), &st) == 0);
  CHECK(st.st_mtim.tv_sec == 1000);
  char value[8];
  if (::getxattr((stage.diff / "t").c_str(), "user.x", value, sizeof(value)) >= 0)
    CHECK(std::string(value, 3) == std::string("a\0b", 3));
}

TEST_CASE("every kind of end comes back") {
  TarBuilder tar;
  tar.file("a", "1");
  check_round_trip("");
  check_round_trip(tar.bare());
  check_round_trip(tar.bare() + std::string(512, '\0'));
  check_round_trip(tar.done() + std::string(3000000, 'g'));
  check_round_trip(TarBuilder().add({"g", 'g', "9 a=b\n", "", -1, 0, 0}).file("a", "b").done());
}

TEST_CASE("a name that comes twice has its last content, and the tar both") {
  TarBuilder tar;
  tar.file("a", "first").file("b", "other").file("./a", "second").file("a", "third");
  tar.folder("d").folder("d/").file("c", "").file("c", "full").symlink("b", "a");
  const Stage stage(tar.done());
  CHECK(stage.text("a") == "third");
  CHECK(stage.rebuilt() == tar.done());
  std::sort(stage.names.begin(), stage.names.end());
  CHECK(std::adjacent_find(stage.names.begin(), stage.names.end()) == stage.names.end());
}

TEST_CASE("sparse files of tar have their real content, and the tar its pieces") {
  const std::string map = "2\n4\n3\n10\n2\n";
  std::string payload = map + std::string(512 - map.size(), '\0') + "abcde";
  TarBuilder tar;
  tar.pax({{"GNU.sparse.major", "1"},
           {"GNU.sparse.minor", "0"},
           {"GNU.sparse.name", "s"},
           {"GNU.sparse.realsize", "20"}});
  tar.file("GNUSparseFile.0/s", payload);
  tar.pax({{"GNU.sparse.size", "6"}, {"GNU.sparse.map", "1,2"}}).file("t", "xy");
  const Stage stage(tar.done());
  CHECK(stage.text("s") == std::string("\0\0\0\0abc\0\0\0de\0\0\0\0\0\0\0\0", 20));
  CHECK(stage.text("t") == std::string("\0xy\0\0\0", 6));
  CHECK(stage.rebuilt() == tar.done());
}

TEST_CASE("tars that are none are refused, and nothing of them stays") {
  std::string wrong_sum = TarBuilder().file("a", "b").done();
  wrong_sum[0] = 'z';
  const std::string cut = TarBuilder().file("a", std::string(5000, 'x')).done().substr(0, 3000);
  const std::string odd = TarBuilder().add({"a", 'Z', "", "", -1, 0, 0}).done();
  const std::string huge = TarBuilder().add({"a", '0', "", "", 077777777777, 0, 0}).done();
  const std::string under_file = TarBuilder().file("a", "b").file("a/b", "c").done();
  const std::string empty_pax = TarBuilder().add({"p", 'x', "999 a=b\n", "", -1, 0, 0}).done();
  for (const std::string& tar : {wrong_sum, cut, odd, huge, under_file, empty_pax}) {
    sealos::testing::TempFolder folder;
    StagingArea area(
        folder.fd.get(), "stage", [] { return false; }, [](const std::string&) {});
    CHECK_THROWS_AS(stage_layer(area, *memory_stream(tar), std::nullopt, Form::staged), Error);
    const Fd own = open_at(area.fd(), ".", O_RDONLY | O_DIRECTORY);
    CHECK(::faccessat(own.get(), "0", F_OK, 0) != 0);
  }
}

TEST_CASE("what a dead writer left is removed, what a living one has stays") {
  const sealos::testing::TempFolder folder;
  const StagingArea living(
      folder.fd.get(), "stage", [] { return false; }, [](const std::string&) {});
  fs::create_directories(folder.path / "stage/dead/x/y");
  std::ofstream(folder.path / "stage/dead.lock").put('x');
  fs::create_directories(folder.path / "stage/.removed-by-one-who-died/x");
  {
    const StagingArea next(
        folder.fd.get(), "stage", [] { return false; }, [](const std::string&) {});
    CHECK_FALSE(fs::exists(folder.path / "stage/dead"));
    CHECK_FALSE(fs::exists(folder.path / "stage/dead.lock"));
    CHECK_FALSE(fs::exists(folder.path / "stage/.removed-by-one-who-died"));
  }
  CHECK(fs::exists(folder.path / "stage"));
}

TEST_CASE("a tree that is being removed stays below its name, where the next one finds it") {
  const sealos::testing::TempFolder folder;
  for (const char* path : {"tree/a/b/c", "tree/a/d/e", "tree/f/g"})
    fs::create_directories(folder.path / path);
  const Fd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.get(), folder.path.c_str(), IN_CREATE | IN_MOVED_TO) >= 0);
  remove_tree(folder.fd.get(), "tree");
  CHECK(fs::is_empty(folder.path));
  char events[4096];
  CHECK(::read(watch.get(), events, sizeof(events)) < 0);  // none
}

TEST_CASE("a tree of any depth is removed") {
  const sealos::testing::TempFolder folder;
  Fd at = open_at(folder.fd.get(), ".", O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 3000; ++i) {
    make_folder(at.get(), "d", 0700);
    at = open_at(at.get(), "d", O_RDONLY | O_DIRECTORY);
  }
  remove_tree(folder.fd.get(), "d");
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("a layer is merged over the tree of its parent") {
  const Stage parent(
      TarBuilder().file("gone", "1").file("d/old", "2").file("e/old", "3").file("f/x", "4").done());
  TarBuilder tar;
  tar.file(".wh.gone", "").folder("d").file("d/.wh..wh..opq", "").file("d/new", "5");
  tar.file("e/new", "6").file("f", "7");
  const Stage layer(tar.done());
  const sealos::testing::TempFolder tree;
  copy_tree(open_at(AT_FDCWD, parent.diff, O_RDONLY | O_DIRECTORY).get(), tree.fd.get(),
            [] { return false; });
  merge_layer(open_at(AT_FDCWD, layer.diff, O_RDONLY | O_DIRECTORY).get(), tree.fd.get(), {"e"});
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(tree.path))
    found.push_back(fs::relative(entry.path(), tree.path));
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<std::string>{"d", "d/new", "e", "e/new", "e/old", "f"});
}
