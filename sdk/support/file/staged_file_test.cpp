#include "support/file/staged_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/testing/temp_folder.hpp"

namespace fs = std::filesystem;
using sealos::testing::TempFolder;

TEST_CASE("a staged file appears when it is kept, and in place of another") {
  TempFolder folder;
  for (const char* text : {"one", "two"}) {
    sealos::StagedFile file(folder.fd.get());
    sealos::write_all(file.fd(), std::string_view(text), "f");
    file.keep(folder.fd.get(), "f");
    const sealos::Fd made = sealos::open_regular_beneath(folder.fd.get(), "f");
    CHECK(sealos::read_all(made.get(), "f", 10) == text);
  }
  struct stat st;
  REQUIRE(::stat(folder.str("f").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0644);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a staged file that is not kept leaves nothing") {
  TempFolder folder;
  {
    sealos::StagedFile file(folder.fd.get());
    sealos::write_all(file.fd(), std::string_view("x"), "f");
  }
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("scopes of paths are absolute and normal") {
  CHECK(sealos::enclosing_folders("/a/b/c") == std::vector<std::string>{"/a/b", "/a"});
  CHECK(sealos::enclosing_folders("/a").empty());
  CHECK_NOTHROW(sealos::check_path_scope("/a/b"));
  for (const char* scope : {"", "/", "a", "/a/", "/a/../b", "/a//b", "/a/./b"}) {
    CAPTURE(scope);
    CHECK_THROWS_AS(sealos::check_path_scope(scope), sealos::Error);
  }
}
