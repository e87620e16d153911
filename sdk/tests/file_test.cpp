#include "sealos/sdk/file.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <array>
#include <fstream>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using sealos::Error, sealos::Status, sealos::sdk::FileStream, sealos::sdk::NewFile;

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "sealos-sdk-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::string content(const fs::path& path) {
  return (std::ostringstream() << std::ifstream(path).rdbuf()).str();
}

std::string drain(sealos::Stream& stream) {
  std::string text;
  std::array<std::byte, 3> buffer{};
  while (const size_t n = stream.read(buffer)) {
    text.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  CHECK(stream.read(buffer) == 0);
  return text;
}

template <typename Body>
Status status_of(Body&& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.status();
  }
  return Status::ok;
}

TEST_CASE("a part of a file is read, and no more than there is") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  std::ofstream(path) << "0123456789";
  FileStream whole(path), part(path, 2, 5), nothing(path, 10);
  CHECK(part.size() == 5);
  CHECK(drain(whole) == "0123456789");
  CHECK(drain(part) == "23456");
  CHECK(part.size() == 0);
  CHECK(drain(nothing).empty());
  const auto opened = [&](std::int64_t offset, std::int64_t length) {
    return status_of([&] { FileStream(path, offset, length); });
  };
  CHECK(opened(11, -1) == Status::corrupt);
  CHECK(opened(5, 6) == Status::corrupt);
  CHECK(opened(-1, 1) == Status::corrupt);
  CHECK(opened(INT64_MAX, INT64_MAX) == Status::corrupt);
  CHECK(status_of([&] { FileStream(folder.path / "none"); }) == Status::not_found);
  CHECK(status_of([&] { FileStream(folder.path); }) == Status::io);
}

TEST_CASE("bytes taken through the descriptor count as read") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  std::ofstream(path) << "0123456789";
  FileStream part(path, 2, 5);
  std::array<char, 5> taken{};
  CHECK(::read(part.fd(), taken.data(), taken.size()) == 5);
  std::array<std::byte, 8> buffer{};
  CHECK(part.read(buffer) == 0);
}

TEST_CASE("folders are made where they are not there") {
  const Folder folder;
  sealos::sdk::make_folders(folder.path / "a/b");
  sealos::sdk::make_folders(folder.path / "a/b");
  CHECK(fs::is_directory(folder.path / "a/b"));
  std::ofstream(folder.path / "file") << "x";
  CHECK(status_of([&] { sealos::sdk::make_folders(folder.path / "file/c"); }) == Status::io);
}

TEST_CASE("a file that becomes shorter is no end") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  std::ofstream(path) << "0123456789";
  FileStream whole(path);
  fs::resize_file(path, 4);
  CHECK(status_of([&] { drain(whole); }) == Status::corrupt);
}

TEST_CASE("a new file appears whole, in place of the old one, or not at all") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  std::ofstream(path) << "old";
  { NewFile(folder.path).write("half", 4); }
  CHECK(content(path) == "old");
  {
    NewFile file(folder.path);
    file.write("new ", 4);
    file.write("content", 7);
    CHECK(content(path) == "old");
    file.keep_as(path, true);
  }
  CHECK(content(path) == "new content");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
  CHECK(status_of([&] { NewFile(folder.path / "none"); }) == Status::not_found);
  CHECK(status_of([&] { NewFile(folder.path).keep_as(folder.path); }) == Status::io);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

}  // namespace
