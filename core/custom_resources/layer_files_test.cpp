#include <doctest/doctest.h>

#include "core/custom_resources/image_files.hpp"
#include "core/custom_resources/layer_scanner.hpp"
#include "sealos/sdk/error.hpp"
#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/tar_builder.hpp"

using namespace sealos;
using namespace sealos::custom_resources;
using layer_tar::testing::TarBuilder;

namespace {

LayerFiles scanned(const std::string& tar) { return scan_layer(memory_stream(tar)); }

/// What a file system of these layers, the lowest first, shows: "path=content ".
std::string seen(const std::vector<TarBuilder>& layers) {
  std::vector<LayerFiles> files;
  for (const TarBuilder& layer : layers) files.push_back(scanned(layer.done()));
  std::vector<const LayerFiles*> pointers;
  for (const LayerFiles& one : files) {
    CHECK(one.problem == "");
    pointers.push_back(&one);
  }
  std::string text;
  for (const auto& [path, bytes] : visible_files(pointers)) text += path + "=" + bytes + " ";
  return text;
}

TarBuilder base() {
  return TarBuilder()
      .folder("bin/")
      .file("bin/sh", std::string(3000, 'x'))
      .folder("metadata/")
      .file("metadata/config.yaml", "one")
      .file("metadata/crds/a.yml", "a")
      .file("metadata/logo.png", "png")
      .file("docs/README.md", "elsewhere")
      .file("./README.md", "read me");
}

}  // namespace

TEST_CASE("only README.md and YAML files below metadata are taken") {
  CHECK(seen({base()}) == "README.md=read me metadata/config.yaml=one metadata/crds/a.yml=a ");
  CHECK(seen({TarBuilder().file("a", "b")}) == "");
  CHECK(seen({}) == "");
}

TEST_CASE("the topmost layer wins, and whiteouts hide") {
  CHECK(seen({base(), TarBuilder().file("metadata/config.yaml", "two")}) ==
        "README.md=read me metadata/config.yaml=two metadata/crds/a.yml=a ");
  CHECK(seen({base(), TarBuilder().file(".wh.README.md", "").file("metadata/.wh.crds", "")}) ==
        "metadata/config.yaml=one ");
  CHECK(seen({base(), TarBuilder().file(".wh.metadata", "")}) == "README.md=read me ");
  CHECK(seen({base(), TarBuilder().file(".wh..wh..opq", "").file("metadata/b.yaml", "b")}) ==
        "metadata/b.yaml=b ");
  CHECK(
      seen({base(), TarBuilder().file("metadata/b.yaml", "b").file("metadata/.wh..wh..opq", "")}) ==
      "README.md=read me metadata/b.yaml=b ");
  CHECK(seen({base(), TarBuilder().file(".wh.metadata", ""),
              TarBuilder().file("metadata/c.yaml", "c")}) ==
        "README.md=read me metadata/c.yaml=c ");
  // A whiteout is for layers below, not for its own.
  CHECK(seen({TarBuilder().file("README.md", "new").file(".wh.README.md", "")}) ==
        "README.md=new ");
}

TEST_CASE("what is no folder hides all that was below its path, and a folder hides a file") {
  CHECK(seen({base(), TarBuilder().file("metadata", "a file now")}) == "README.md=read me ");
  CHECK(seen({base(), TarBuilder().symlink("metadata", "elsewhere")}) == "README.md=read me ");
  CHECK(seen({base(), TarBuilder().folder("README.md/")}) ==
        "metadata/config.yaml=one metadata/crds/a.yml=a ");
  CHECK(seen({base().file("metadata/crds", "x")}) == "README.md=read me metadata/config.yaml=one ");
  CHECK(seen({base().file("metadata/config.yaml", "later")}) ==
        "README.md=read me metadata/config.yaml=later metadata/crds/a.yml=a ");
}

TEST_CASE("a hard link to a file that is taken is that file; other links cannot be taken") {
  CHECK(seen({base().link("metadata/b.yaml", "./metadata/config.yaml")}) ==
        "README.md=read me metadata/b.yaml=one metadata/config.yaml=one metadata/crds/a.yml=a ");
  const TarBuilder symlink = TarBuilder().symlink("README.md", "docs/README.md");
  CHECK_THROWS_WITH_AS(seen({symlink}), doctest::Contains("symbolic link"), Error);
  CHECK_THROWS_WITH_AS(seen({TarBuilder().link("metadata/a.yaml", "etc/a")}),
                       doctest::Contains("hard link"), Error);
  // What is hidden need not be taken.
  CHECK(seen({symlink, TarBuilder().file("README.md", "now")}) == "README.md=now ");
}

TEST_CASE("files that are too large, or too many, are told and not kept") {
  const std::string large(kMaxFile + 1, ' ');
  LayerFiles files =
      scanned(TarBuilder().file("README.md", large).file("metadata/a.yaml", "a").done());
  CHECK(files.files.at("README.md").bytes.empty());
  CHECK(files.files.at("metadata/a.yaml").bytes == "a");
  CHECK_THROWS_WITH_AS(visible_files({&files}), doctest::Contains("1048577 bytes"), Error);
  TarBuilder many;
  for (size_t i = 0; i <= kMaxFiles; ++i) many.file("metadata/" + std::to_string(i) + ".yaml", "x");
  CHECK_THROWS_WITH_AS(seen({many}), doctest::Contains("at most 256 files"), Error);
  TarBuilder whiteouts;
  for (size_t i = 0; i <= kMaxEntries; ++i) whiteouts.file("metadata/.wh." + std::to_string(i), "");
  CHECK(scanned(whiteouts.done()).problem.find("10000") != std::string::npos);
}

TEST_CASE("a tar is understood wherever its pieces end, with pax and GNU names") {
  const std::string path = "metadata/" + std::string(150, 'd') + "/a.yaml";
  const std::string tar = TarBuilder()
                              .pax({{"path", path}, {"size", "5"}})
                              .add({"short", '0', "bytes", "", 0})
                              .add({"././@LongLink", 'L', path + "2.yaml", ""})
                              .file("short", "more")
                              .done();
  // The first entry's header says 0 bytes; the pax record counts.
  for (const size_t piece : {1, 511, 512, 513, 100000}) {
    LayerScanner scanner;
    const auto bytes = std::as_bytes(std::span(tar));
    for (size_t at = 0; at < bytes.size(); at += piece)
      scanner.take(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    scanner.end();
    const LayerFiles files = scanner.take_files();
    CHECK(files.problem == "");
    CHECK(files.files.at(path).bytes == "bytes");
    CHECK(files.files.at(path + "2.yaml").bytes == "more");
  }
}

TEST_CASE("what is no tar, or is cut off, is told; nothing is thrown") {
  CHECK(scanned("").problem == "");
  CHECK(scanned(std::string(2000, 'x')).problem != "");
  const std::string tar = base().done();
  CHECK(scanned(tar.substr(0, 3000)).problem.find("cut off") != std::string::npos);
  CHECK(scanned(tar.substr(0, 100)).problem.find("cut off") == std::string::npos);
  CHECK(scanned(std::string("\x1f\x8b\x08\x00garbage", 11)).problem != "");
  TarBuilder huge;
  huge.add({"pax", 'x', "", "", std::int64_t{1} << 40});
  CHECK(scanned(huge.bare()).problem.find("header") != std::string::npos);
}

TEST_CASE("compressed layers are looked into, and bytes that are watched pass as they are") {
  const std::string tar = base().done();
  const auto packed = compress(memory_stream(tar), Compression::zstd);
  CHECK(scan_layer(borrow(*packed)).files.size() == 3);
  LayerScanner scanner;
  const auto stream = watched(memory_stream(tar), scanner);
  CHECK(read_stream(*stream, 1 << 20, "it") == tar);
  CHECK(scanner.take_files().files.size() == 3);
}
