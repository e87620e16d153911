#include <doctest/doctest.h>
#include <fcntl.h>

#include <cstdlib>
#include <random>

#include "sif_file.hpp"
#include "squashfs_tar.hpp"
#include "squashfs_writer.hpp"
#include "support/tar/tar_writer.hpp"
#include "test_image.hpp"

using namespace sealos;
using namespace sealos::sif;
using namespace sealos::sif::testing;

namespace {

struct Written {
  Fd file = nameless_file("/tmp");
  std::int64_t size = 0;

  explicit Written(ImageTree& tree, const SquashfsSettings& settings = {}) {
    SquashfsWriter writer(file.get(), 0, settings);
    size = writer.finish(tree);
  }
  std::unique_ptr<SquashfsReader> reader() const {
    return std::make_unique<SquashfsReader>(file.get(), 0, size);
  }
  std::string tar(SquashfsTarOptions options = {}) const {
    SquashfsTar tar(reader(), std::move(options));
    return read_stream(tar, 1 << 28, "tar");
  }
};

std::shared_ptr<Inode> device(std::uint32_t major, std::uint32_t minor) {
  auto inode = std::make_shared<Inode>(EntryKind::char_device);
  inode->device_major = major;
  inode->device_minor = minor;
  return inode;
}

void add(ImageTree& tree, const std::string& name, std::shared_ptr<Inode> inode) {
  tree.root().children[name] = std::make_unique<Node>(std::move(inode));
}

/// Throws what reading all of a squashfs throws.
void read_all_of(const Written& squashfs) {
  squashfs.reader()->survey([] {});
  squashfs.tar();
}

}  // namespace

TEST_CASE("all kinds of files come back as they were") {
  ImageTree tree(1);
  tree.put_file("folder/file", std::string(200000, 'x'), 0640);
  tree.put_link("link", "folder/file");
  add(tree, "device", device(0x123, 0x45678));
  auto pipe = std::make_shared<Inode>(EntryKind::fifo);
  pipe->uid = 3000000;
  pipe->gid = 70;
  pipe->xattrs = {{"trusted.a", "1"}};
  add(tree, "pipe", pipe);
  add(tree, "pipe2", pipe);
  add(tree, std::string(255, 'n'), std::make_shared<Inode>(EntryKind::block_device));
  const Contents files(Written(tree).tar());
  CHECK(files.text.at("folder/file") == std::string(200000, 'x'));
  CHECK(files.find("folder/file")->mode == 0640);
  CHECK(files.find("link")->link == "folder/file");
  CHECK(files.find("device")->device_major == 0x123);
  CHECK(files.find("device")->device_minor == 0x45678);
  CHECK(files.find("pipe")->uid == 3000000);
  CHECK(files.find("pipe")->xattrs == pipe->xattrs);
  CHECK(files.find("pipe2")->kind == layer_tar::EntryKind::hard_link);
  CHECK(files.find(std::string(255, 'n'))->kind == layer_tar::EntryKind::block_device);
}

TEST_CASE("the number of threads does not change what is written") {
  std::string first;
  for (const unsigned threads : {1u, 2u, 7u}) {
    CAPTURE(threads);
    ImageTree tree(1);
    for (int i = 0; i < 300; ++i) {
      const std::string name = "f" + std::to_string(i);
      std::string text;
      std::minstd_rand random(static_cast<unsigned>(i % 250));
      for (int k = 0; k < i * 40; ++k) text += std::to_string(random() % 100);
      tree.put_file(name, text, 0644);
    }
    SquashfsSettings settings;
    settings.threads = threads;
    const Written squashfs(tree, settings);
    std::string bytes(static_cast<size_t>(squashfs.size), '\0');
    read_exactly(squashfs.file.get(), std::as_writable_bytes(std::span(bytes)), 0, "squashfs");
    if (first.empty()) first = bytes;
    CHECK(bytes == first);
    CHECK(Contents(squashfs.tar()).paths.size() == 300);
  }
}

TEST_CASE("what OverlayFS marks becomes what a tar has for it") {
  ImageTree tree(1);
  tree.folder("hides").inode->xattrs = {{"trusted.overlay.opaque", "y"}, {"user.a", "b"}};
  tree.put_file("hides/new", "x", 0644);
  tree.folder("in").children["gone"] = std::make_unique<Node>(device(0, 0));
  const Written squashfs(tree);
  SquashfsTarOptions options;
  options.overlay = true;
  const Contents files(squashfs.tar(options));
  CHECK(files.has("hides/.wh..wh..opq"));
  CHECK(files.find("hides")->xattrs.size() == 1);
  CHECK(files.has("in/.wh.gone"));
  CHECK_FALSE(files.has("in/gone"));
  CHECK(Contents(squashfs.tar()).find("in/gone")->kind == layer_tar::EntryKind::char_device);
}

TEST_CASE("a file that would be taken for a whiteout is left out, with a warning") {
  ImageTree tree(1);
  tree.put_file("a/.wh.b", "x", 0644);
  std::vector<std::string> warnings;
  SquashfsTarOptions options;
  options.warn = [&](const std::string& text) { warnings.push_back(text); };
  CHECK_FALSE(Contents(Written(tree).tar(options)).has("a/.wh.b"));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("a/.wh.b") != std::string::npos);
}

TEST_CASE("names that lead elsewhere are refused") {
  for (const char* name : {"..", ".", "a/b", "../x"}) {
    CAPTURE(name);
    ImageTree tree(1);
    add(tree, name, device(1, 3));
    CHECK_THROWS_WITH_AS(read_all_of(Written(tree)), doctest::Contains("no name"), Error);
  }
}

TEST_CASE("a file system that claims more than can be is refused before its files are read") {
  ImageTree tree(1);
  auto inode = std::make_shared<Inode>(EntryKind::file);
  const std::uint64_t size = std::uint64_t{65} << 30;
  const size_t blocks = static_cast<size_t>(size >> 17);
  inode->data =
      static_cast<sqfs_inode_generic_t*>(std::calloc(1, sizeof(sqfs_inode_generic_t) + blocks * 4));
  inode->data->base.type = SQFS_INODE_EXT_FILE;
  inode->data->payload_bytes_available = inode->data->payload_bytes_used =
      static_cast<sqfs_u32>(blocks * 4);
  inode->data->data.file_ext.file_size = size;
  inode->data->data.file_ext.sparse = size;
  inode->data->data.file_ext.nlink = 1;
  inode->data->data.file_ext.fragment_idx = 0xFFFFFFFF;
  inode->data->data.file_ext.fragment_offset = 0xFFFFFFFF;
  inode->data->data.file_ext.xattr_idx = 0xFFFFFFFF;
  add(tree, "holes", inode);
  const Written squashfs(tree);
  CHECK(squashfs.size < 100000);
  CHECK_THROWS_WITH_AS(read_all_of(squashfs), doctest::Contains("not believed"), Error);
}

TEST_CASE("a file system that is cut off or too small is refused") {
  ImageTree tree(1);
  for (int i = 0; i < 500; ++i)
    tree.put_file("f" + std::to_string(i), std::to_string(i * 7919), 0644);
  Written squashfs(tree);
  for (const std::int64_t size : {0, 50, 96, 1000, 3000}) {
    CAPTURE(size);
    squashfs.size = size;
    CHECK_THROWS_AS(read_all_of(squashfs), Error);
  }
}

TEST_CASE("bytes that were changed at random give an error or an image, and no crash") {
  TempFolder folder;
  FakeHost host;
  Image image;
  image.layers = {TarBuilder()
                      .folder("d")
                      .file("d/f", std::string(3000, 'f'))
                      .link("d/g", "d/f")
                      .symlink("s", "d")
                      .pax({{"SCHILY.xattr.user.note", "kept"}})
                      .file("x", "attributes")
                      .done()};
  image.write(host, folder.str("good.sif"));
  const std::string good = content(folder.path / "good.sif");
  const SifFile file(folder.str("good.sif"));
  const auto start = static_cast<size_t>(root_partition(file).offset);
  std::minstd_rand random(1);
  host.options["sif.read"] = "filesystem";
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    std::string bytes = good;
    // Headers of SIF and squashfs are small; most changes should hit them and the tables.
    const size_t from = round % 4 == 0 ? 0 : start;
    const size_t room = round % 4 == 0   ? static_cast<size_t>(kTableOffset + 4 * kDescriptorSize)
                        : round % 4 == 1 ? 96
                                         : good.size() - start;
    for (unsigned i = 0; i <= random() % 4; ++i)
      bytes[from + random() % room] = static_cast<char>(random());
    write_text(folder.path / "bad.sif", bytes);
    try {
      files_in(host, folder.str("bad.sif"));
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 100);
}
