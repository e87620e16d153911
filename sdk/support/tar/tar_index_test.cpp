#include "support/tar/tar_index.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"
#include "support/tar/tar_file.hpp"
#include "support/tar/tar_header.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using sealos::testing::TempFolder;

namespace {

std::string padded(std::string text) {
  text.append(static_cast<size_t>(tar_padding(static_cast<std::int64_t>(text.size()))), '\0');
  return text;
}

std::string member(const std::string& name, const std::string& text) {
  return tar_header({name, static_cast<std::int64_t>(text.size())}) + padded(text);
}

/// A header changed at some place, with its checksum made good again.
std::string altered(std::string block, size_t at, std::string_view with) {
  block.replace(at, with.size(), with);
  block.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof(text), "%06o", sum);
  return block.replace(148, 7, std::string(text, 7));
}

std::string link_member(const std::string& name, const std::string& target, char type = '2') {
  return altered(altered(tar_header({name, 0}), 156, std::string(1, type)), 157, target);
}

const std::string kEnd(1024, '\0');

std::shared_ptr<const TarFile> open_tar(const TempFolder& folder, const std::string& bytes) {
  replace_file(folder.fd.get(), "a.tar", bytes);
  return TarFile::open(folder.str("a.tar"), {});
}

std::string text_of(const TarFile& tar, const std::string& name) {
  const TarMember* found = tar.index().find(name);
  REQUIRE(found != nullptr);
  return tar.read(*found, 1 << 20);
}

}  // namespace

TEST_CASE("members are found under their normal names") {
  TempFolder folder;
  const auto tar = open_tar(folder, member("./a//b", "one") + member("c", std::string(513, 'x')) +
                                        member("d", "") + kEnd + "what follows the end");
  CHECK(text_of(*tar, "a/b") == "one");
  CHECK(text_of(*tar, "./c") == std::string(513, 'x'));
  CHECK(text_of(*tar, "d").empty());
  CHECK(tar->index().find("e") == nullptr);
  const auto part = tar->open(*tar->index().find("a/b"), 1, 1);
  CHECK(part->fd() >= 0);
  CHECK(read_stream(*part, 10, "p") == "n");
}

TEST_CASE("what GNU tar writes is read, in each of its formats") {
  TempFolder folder;
  const std::string script =
      "cd " + folder.path.string() + " && mkdir -p d/" + std::string(95, 'n') +
      " && printf long > d/" + std::string(95, 'n') + "/" + std::string(90, 'f') +
      " && printf x > d/x && ln -s x d/l && ln d/x d/h && "
      "for f in gnu pax ustar v7; do tar --format=$f -cf $f.tar d 2>/dev/null; done; true";
  REQUIRE(std::system(script.c_str()) == 0);
  for (const char* format : {"gnu", "pax", "ustar", "v7"}) {
    CAPTURE(format);
    const auto tar = TarFile::open(folder.str(std::string(format) + ".tar"), {});
    CHECK(text_of(*tar, "d/x") == "x");
    CHECK(text_of(*tar, "d/l") == "x");
    CHECK(text_of(*tar, "d/h") == "x");
    if (std::string(format) == "v7") continue;  // has no room for it
    CHECK(text_of(*tar, "d/" + std::string(95, 'n') + "/" + std::string(90, 'f')) == "long");
  }
}

TEST_CASE("compressed archives and pipes are read") {
  TempFolder folder;
  const std::string bytes = member("a", "one") + kEnd;
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    const auto compressed = compress(memory_stream(bytes), kind);
    CHECK(text_of(*open_tar(folder, read_stream(*compressed, 1 << 20, "c")), "a") == "one");
  }
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  write_all(ends[1], bytes, "pipe");
  ::close(ends[1]);
  const auto tar = TarFile::open("/proc/self/fd/" + std::to_string(ends[0]), {});
  ::close(ends[0]);
  CHECK(text_of(*tar, "a") == "one");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("links are followed inside the archive and nowhere else") {
  TempFolder folder;
  std::string bytes =
      member("x/layer.tar", "bytes") + link_member("y/layer.tar", "../x/layer.tar") +
      link_member("z/layer.tar", "../y/layer.tar") + link_member("h", "x/layer.tar", '1') +
      link_member("out", "../../etc/passwd") + link_member("abs", "/etc/passwd") +
      link_member("round", "round") + link_member("ping", "pong") + link_member("pong", "ping") +
      link_member("lost", "nothing");
  std::string last = "x/layer.tar";
  for (int i = 0; i < 12; ++i) {
    bytes += link_member("chain" + std::to_string(i), last);
    last = "chain" + std::to_string(i);
  }
  const auto tar = open_tar(folder, bytes + kEnd);
  for (const char* name : {"y/layer.tar", "z/layer.tar", "h", "chain7"}) {
    CAPTURE(name);
    CHECK(text_of(*tar, name) == "bytes");
  }
  CHECK(tar->index().find("lost") == nullptr);
  for (const char* name : {"out", "abs", "round", "ping", "chain11"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(tar->index().find(name), Error);
  }
}

TEST_CASE("a name that occurs twice is refused when it is used") {
  TempFolder folder;
  const auto tar =
      open_tar(folder, member("a", "1") + member("./a", "2") + member("b", "3") + kEnd);
  CHECK_THROWS_WITH_AS(tar->index().find("a"), doctest::Contains("more than one"), Error);
  CHECK(text_of(*tar, "b") == "3");
}

TEST_CASE("what is cut off or no archive is refused") {
  TempFolder folder;
  const std::string whole = member("a", std::string(2000, 'x'));
  for (const size_t length :
       {size_t{1}, size_t{511}, size_t{513}, size_t{1500}, whole.size() - 600, whole.size() - 49}) {
    CAPTURE(length);
    CHECK_THROWS_AS(open_tar(folder, whole.substr(0, length)), Error);
  }
  CHECK_THROWS_AS(open_tar(folder, ""), Error);
  CHECK_THROWS_AS(open_tar(folder, std::string(4096, 'x')), Error);
  CHECK_NOTHROW(open_tar(folder, whole));
  CHECK_THROWS_AS(TarFile::open(folder.str("none"), {}), Error);
  CHECK_THROWS_AS(TarFile::open(folder.path.string(), {}), Error);
}

TEST_CASE("sizes that lie are refused") {
  TempFolder folder;
  const std::string block = tar_header({"a", 1});
  const auto open_with = [&](std::string_view size) {
    return open_tar(folder, altered(block, 124, size) + padded("x") + kEnd);
  };
  CHECK_NOTHROW(open_with(std::string_view("00000000001\0", 12)));
  CHECK_NOTHROW(open_with(std::string_view("\x80\0\0\0\0\0\0\0\0\0\0\1", 12)));
  for (const std::string_view size :
       {std::string_view("77777777777\0", 12),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12),
        std::string_view("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12),
        std::string_view("\x80\1\0\0\0\0\0\0\0\0\0\0", 12),
        std::string_view("9\0\0\0\0\0\0\0\0\0\0\0", 12)}) {
    CHECK_THROWS_AS(open_with(size), Error);
  }
}

TEST_CASE("extension records have limits and a form") {
  TempFolder folder;
  const auto pax = [&](const std::string& records) {
    const auto size = static_cast<std::int64_t>(records.size());
    return open_tar(folder, altered(tar_header({"p", size}), 156, "x") + padded(records) +
                                member("a", "one") + kEnd);
  };
  CHECK(text_of(*pax("10 path=b\n"), "b") == "one");
  CHECK_THROWS_WITH_AS(pax("27 GNU.sparse.realsize=123\n")->index().find("a"),
                       doctest::Contains("sparse"), Error);
  for (const std::string& records :
       {std::string("8 path=b\n"), std::string("99 path=b\n"), std::string("x"),
        std::string("0 \n"), std::string("10 size=x\n"), std::string("11 size=-1\n"),
        std::string("15 size=1000000\n"), std::string("18446744073709551615 path=b\n"),
        std::string("10 path\0b\n", 10)}) {
    CAPTURE(records);
    CHECK_THROWS_AS(pax(records), Error);
  }
  CHECK_THROWS_AS(pax(std::string(2 << 20, 'x')), Error);
}

TEST_CASE("an archive of very many members is refused") {
  TempFolder folder;
  const std::string one = member("a", "");
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += one;
  const Fd file = open_at(folder.fd.get(), "many", O_RDWR | O_CREAT);
  for (int i = 0; i < 1001; ++i) write_all(file.get(), bytes, "many");
  CHECK_THROWS_WITH_AS(TarFile::open(folder.str("many"), {}), doctest::Contains("too many"), Error);
}
