#include "image_tree.hpp"

#include <doctest/doctest.h>

#include "test_image.hpp"

using namespace sealos;
using namespace sealos::sif;
using namespace sealos::sif::testing;

namespace {

ImageTree tree_of(const std::vector<std::string>& layers) {
  ImageTree tree(5);
  for (size_t i = 0; i < layers.size(); ++i)
    tree.apply(scan_layer(memory_stream(layers[i]), [] {}), static_cast<std::uint32_t>(i));
  return tree;
}

std::string names(const ImageTree& tree, const std::string& path) {
  const Node* const node = tree.find(path);
  if (node == nullptr) return "nothing";
  std::string out;
  for (const auto& [name, child] : node->children) out += (out.empty() ? "" : " ") + name;
  return out;
}

}  // namespace

TEST_CASE("whiteouts remove what lower layers have, wherever they stand in the tar") {
  const ImageTree tree = tree_of({TarBuilder()
                                      .folder("a")
                                      .file("a/x", "1")
                                      .file("a/y", "1")
                                      .folder("b")
                                      .file("b/z", "1")
                                      .done(),
                                  TarBuilder()
                                      .file("a/x", "2")
                                      .file("a/.wh.x", "")
                                      .file("b/new", "2")
                                      .file("b/.wh..wh..opq", "")
                                      .file("a/.wh.gone", "")
                                      .file(".wh..wh.plnk", "")
                                      .done()});
  CHECK(names(tree, "") == "a b");
  CHECK(names(tree, "a") == "x y");
  CHECK(names(tree, "b") == "new");
  CHECK(tree.find("a/x")->inode->layer == 1);
  CHECK(tree.find("a/y")->inode->layer == 0);
}

TEST_CASE("a folder over a folder keeps what is in it, anything else replaces") {
  const ImageTree tree = tree_of({TarBuilder()
                                      .folder("d")
                                      .file("d/f", "1")
                                      .folder("e")
                                      .file("e/f", "1")
                                      .symlink("s", "d")
                                      .done(),
                                  TarBuilder()
                                      .add({"d", '5', "", "", -1, 0700, 9})
                                      .file("e", "now a file")
                                      .file("s/below", "not in d")
                                      .done()});
  CHECK(names(tree, "d") == "f");
  CHECK(tree.find("d")->inode->mode == 0700);
  CHECK(tree.find("e")->inode->kind == EntryKind::file);
  CHECK(names(tree, "s") == "below");
  CHECK(tree.find("s")->inode->mtime == 5);
}

TEST_CASE("hard links share a file, across layers too, and survive the first name") {
  const ImageTree tree = tree_of({TarBuilder().file("f", "1").link("g", "./f").done(),
                                  TarBuilder().link("h", "/g").file("f", "other").done(),
                                  TarBuilder().file(".wh.g", "").done()});
  CHECK(names(tree, "") == "f h");
  CHECK(tree.find("h")->inode->layer == 0);
  CHECK(tree.find("f")->inode->layer == 1);
  CHECK_THROWS_WITH_AS(tree_of({TarBuilder().link("l", "missing").done()}),
                       doctest::Contains("missing"), Error);
  CHECK_THROWS_AS(tree_of({TarBuilder().folder("d").link("l", "d").done()}), Error);
}

TEST_CASE("names stay below the root, and what no squashfs can have is refused") {
  const ImageTree tree = tree_of({TarBuilder().file("../../x/../y", "1").file("/abs", "2").done()});
  CHECK(names(tree, "") == "abs y");
  CHECK_THROWS_WITH_AS(tree_of({TarBuilder().file(".wh.", "").done()}),
                       doctest::Contains("removes"), Error);
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "d/";
  CHECK_THROWS_AS(tree_of({TarBuilder().pax({{"path", deep + "f"}}).file("f", "").done()}), Error);
  CHECK_THROWS_AS(
      tree_of({TarBuilder().pax({{"path", std::string(256, 'n')}}).file("f", "").done()}), Error);
}

TEST_CASE("a few bytes of tar cannot stand for an endless file") {
  const std::string tar = TarBuilder()
                              .pax({{"GNU.sparse.major", "0"},
                                    {"GNU.sparse.size", "1099511627776"},
                                    {"GNU.sparse.map", "0,1"}})
                              .file("f", "x")
                              .done();
  CHECK_THROWS_WITH_AS(tree_of({tar}), doctest::Contains("holes"), Error);
}
