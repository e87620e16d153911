#include "support/file/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/file/file_stream.hpp"
#include "support/testing/temp_folder.hpp"

namespace fs = std::filesystem;

using sealos::testing::TempFolder;

TEST_CASE("a file is replaced whole and nothing stays aside") {
  TempFolder folder;
  sealos::replace_file(folder.fd.get(), "f", "one");
  sealos::replace_file(folder.fd.get(), "f", "two");
  const sealos::Fd file = sealos::open_regular_beneath(folder.fd.get(), "f");
  CHECK(sealos::read_all(file.get(), "f", 100) == "two");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("only regular files below the folder are opened") {
  TempFolder folder;
  fs::create_symlink("/etc/passwd", folder.path / "out");
  fs::create_directory(folder.path / "d");
  ::mkfifo((folder.path / "pipe").c_str(), 0600);
  for (const char* name : {"out", "d", "pipe", "../x", "none"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(sealos::open_regular_beneath(folder.fd.get(), name), sealos::Error);
  }
}

TEST_CASE("a stream reaches a file, by descriptor and by reading") {
  TempFolder folder;
  const std::string text(300000, 'x');
  sealos::replace_file(folder.fd.get(), "from", "skip" + text);
  for (const bool hashed : {false, true}) {
    auto stream =
        sealos::file_stream(sealos::open_regular_beneath(folder.fd.get(), "from"), "from", 4);
    CHECK(stream->size() == 300000);
    const sealos::Fd to = sealos::open_at(folder.fd.get(), hashed ? "a" : "b", O_RDWR | O_CREAT);
    sealos::Hasher hasher;
    CHECK(sealos::copy_to_file(*stream, to.get(), "to", hashed ? &hasher : nullptr) == 300000);
    if (hashed) CHECK(hasher.finish() == sealos::digest_of(text));
    ::lseek(to.get(), 0, SEEK_SET);
    CHECK(sealos::read_all(to.get(), "to", 1 << 20) == text);
  }
}

TEST_CASE("a part of a file reaches another file where that stands") {
  TempFolder folder;
  sealos::replace_file(folder.fd.get(), "from", "0123456789");
  const sealos::Fd to = sealos::open_at(folder.fd.get(), "to", O_RDWR | O_CREAT);
  sealos::write_all(to.get(), std::string_view("head"), "to");
  for (const std::int64_t offset : {2, 5}) {
    const auto part = sealos::file_stream(sealos::open_regular_beneath(folder.fd.get(), "from"),
                                          "from", offset, 3);
    CHECK(sealos::copy_to_file(*part, to.get(), "to") == 3);
  }
  ::lseek(to.get(), 0, SEEK_SET);
  CHECK(sealos::read_all(to.get(), "to", 100) == "head234567");
}

TEST_CASE("limits and ends of streams") {
  TempFolder folder;
  sealos::replace_file(folder.fd.get(), "f", "0123456789");
  auto open = [&] { return sealos::open_regular_beneath(folder.fd.get(), "f"); };
  CHECK_THROWS_AS(sealos::file_stream(open(), "f", 11), sealos::Error);
  CHECK_THROWS_AS(sealos::file_stream(open(), "f", 5, 6), sealos::Error);
  CHECK(sealos::read_stream(*sealos::file_stream(open(), "f", 2, 3), 10, "f") == "234");
  CHECK_THROWS_AS(sealos::read_stream(*sealos::memory_stream("12345"), 4, "m"), sealos::Error);
  const sealos::Fd file = open();
  CHECK(sealos::read_stream(*sealos::file_region_stream(file.get(), "f", 8, 2), 10, "f") == "89");
  CHECK_THROWS_AS(sealos::read_stream(*sealos::file_region_stream(file.get(), "f", 8, 3), 10, "f"),
                  sealos::Error);
}

TEST_CASE("a file of many windows has all its bytes, wherever the writer began") {
  TempFolder folder;
  std::string text;
  for (int i = 0; text.size() < (size_t{20} << 20); ++i) text += std::to_string(i);
  for (const std::string_view head : {"", "head"}) {
    const std::string name = "to" + std::string(head);
    const sealos::Fd to = sealos::open_at(folder.fd.get(), name, O_RDWR | O_CREAT);
    sealos::write_all(to.get(), head, "to");
    CHECK(sealos::copy_to_file(*sealos::memory_stream(text), to.get(), "to") ==
          static_cast<std::int64_t>(text.size()));
    ::lseek(to.get(), 0, SEEK_SET);
    CHECK(sealos::read_all(to.get(), "to", 1 << 25) == std::string(head) + text);
  }
}
