#include "support/tar/tar_writer.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "support/file/file_stream.hpp"
#include "support/tar/tar_file.hpp"
#include "support/tar/tar_header.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using sealos::testing::TempFolder;

namespace {

/// Gives some bytes and then says that they were wrong.
class WrongStream final : public Stream {
 public:
  size_t read(std::span<std::byte> into) override {
    if (done_) throw Error(Status::corrupt, "wrong digest");
    done_ = true;
    into[0] = std::byte{'x'};
    return 1;
  }

 private:
  bool done_ = false;
};

class EndlessStream final : public Stream {
 public:
  size_t read(std::span<std::byte> into) override {
    std::fill(into.begin(), into.end(), std::byte{'x'});
    return into.size();
  }
};

std::string read_file(const TempFolder& folder, const std::string& name) {
  const Fd file = open_regular_beneath(folder.fd.get(), name);
  return read_all(file.get(), name, 1 << 22);
}

void write_some(TarWriter& tar) {
  tar.add("blobs/one", 3, *memory_stream("one"));
  Hasher hasher;
  tar.add_unsized([&] { return "blobs/" + std::string(hasher.finish().hex()); },
                  *memory_stream("two"), &hasher);
  tar.add_unsized([] { return std::string(); }, *memory_stream("unwanted"), nullptr);
  tar.add("text", "three");
  tar.finish();
}

}  // namespace

TEST_CASE("a file and a pipe get the same bytes, again and again") {
  TempFolder folder;
  for (const char* name : {"a", "b"}) {
    const Fd file = open_at(folder.fd.get(), name, O_RDWR | O_CREAT);
    FileSink sink(file.get(), name);
    TarWriter tar(sink, 7, 0644);
    write_some(tar);
  }
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::string piped;
  std::thread reader([&] { piped = read_all(ends[0], "pipe", 1 << 20); });
  {
    FileSink sink(ends[1], "pipe");
    TarWriter tar(sink, 7, 0644);
    write_some(tar);
    ::close(ends[1]);
  }
  reader.join();
  ::close(ends[0]);
  CHECK(read_file(folder, "a") == read_file(folder, "b"));
  CHECK(read_file(folder, "a") == piped);
  const auto tar = TarFile::open(folder.str("a"), {});
  CHECK(tar->index().members().size() == 3);
  CHECK(tar->index().find("blobs/" + std::string(digest_of("two").hex())) != nullptr);
  CHECK(std::system(("tar --numeric-owner -tvf " + folder.str("a") +
                     " | grep -q '0/0 *5 1970-01-01 00:00 text'")
                        .c_str()) == 0);
}

TEST_CASE("a member that fails is taken back from a file, and breaks a pipe") {
  TempFolder folder;
  const Fd file = open_at(folder.fd.get(), "a", O_RDWR | O_CREAT);
  FileSink sink(file.get(), "a");
  TarWriter tar(sink, 0, 0644);
  tar.add("one", "1");
  WrongStream wrong;
  CHECK_THROWS_AS(tar.add("two", 1, wrong), Error);
  CHECK_THROWS_AS(tar.add("three", 4, *memory_stream("three")), Error);
  WrongStream again;
  CHECK_THROWS_AS(tar.add_unsized([] { return "four"; }, again, nullptr), Error);
  tar.add("five", "5");
  tar.finish();
  const auto made = TarFile::open(folder.str("a"), {});
  REQUIRE(made->index().members().size() == 2);
  CHECK(made->index().members()[1].name == "five");

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  FileSink pipe(ends[1], "pipe");
  TarWriter piped(pipe, 0, 0644);
  WrongStream once_more;
  CHECK_THROWS_AS(piped.add("two", 1, once_more), Error);
  CHECK_THROWS_AS(piped.finish(), Error);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a member that fails is filled up and can come again where no descriptor is written to") {
  struct TextSink final : TarSink {
    std::string text;
    void write(std::span<const std::byte> bytes) override {
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
  } sink;
  TarWriter tar(sink, 0, 0644);
  for (const std::int64_t size : {1, 1000, 512, 400000}) {
    WrongStream wrong;
    CHECK_THROWS_AS(tar.add("one", size, wrong), Error);
    EndlessStream endless;
    CHECK_THROWS_AS(tar.add("one", size, endless), Error);
  }
  tar.add("one", "right");
  tar.finish();
  const auto made = TarFile::receive(memory_stream(sink.text), "test", {});
  CHECK(made->index().members().size() == 9);
  CHECK(made->read(made->index().members().back(), 100) == "right");
}

TEST_CASE("long names and large sizes are written so that they are read again") {
  const std::string name = "blobs/sha512/" + std::string(128, 'a');
  const std::string header = tar_header({name, std::int64_t{9} << 30});
  CHECK(header.size() == 3 * 512);
  const auto first = parse_tar_header(std::as_bytes(std::span(header).first(512)));
  REQUIRE(first);
  CHECK(first->type == 'x');
  const PaxRecords records =
      parse_pax(std::string_view(header).substr(512, static_cast<size_t>(first->size)));
  CHECK(records.path == name);
  CHECK(records.size == std::int64_t{9} << 30);
  const std::string block = tar_header_block({"a", std::int64_t{9} << 30});
  CHECK(parse_tar_header(std::as_bytes(std::span(block)))->size == std::int64_t{9} << 30);
  const std::string split =
      tar_header_block({std::string(80, 'a') + "/" + std::string(90, 'b'), 0});
  CHECK(parse_tar_header(std::as_bytes(std::span(split)))->name ==
        std::string(80, 'a') + "/" + std::string(90, 'b'));
  CHECK_THROWS_AS(tar_header_block({name, 0}), Error);
}

TEST_CASE("the time of an archive comes from SOURCE_DATE_EPOCH") {
  ::unsetenv("SOURCE_DATE_EPOCH");
  CHECK(archive_time() == 0);
  ::setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  CHECK(archive_time() == 1700000000);
  for (const char* text : {"x", "-1", "1.5", "99999999999999999999"}) {
    ::setenv("SOURCE_DATE_EPOCH", text, 1);
    CHECK_THROWS_AS(archive_time(), Error);
  }
  ::unsetenv("SOURCE_DATE_EPOCH");
}
