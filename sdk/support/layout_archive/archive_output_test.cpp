#include "support/layout_archive/archive_output.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "support/file/file_stream.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using sealos::testing::FakeHost;
using sealos::testing::TempFolder;

namespace {

std::optional<std::int64_t> reuse(ArchiveOutput& output, const std::string& text,
                                  std::int64_t size) {
  Blob blob;
  blob.digest = digest_of(text);
  blob.size = size;
  Reuse want;
  want.blob = blob;
  const auto used = output.try_reuse(want);
  return used ? std::optional(used->size) : std::nullopt;
}

std::shared_ptr<const ArchiveBlobs> blobs_of(const FakeHost& host, const std::string& path) {
  return std::make_shared<ArchiveBlobs>(open_archive(host.host(), path));
}

void write_blobs(const FakeHost& host, const std::string& path,
                 const std::vector<std::string>& blobs) {
  ArchiveOutput output(host.host(), ArchiveTarget(path), 0644, nullptr);
  for (const std::string& blob : blobs) output.writer().put(digest_of(blob), blob);
  output.commit();
}

}  // namespace

TEST_CASE("blobs of the former archive are carried over once, and only if they are right") {
  TempFolder folder;
  const FakeHost host;
  write_blobs(host, folder.str("a"), {"one", "two"});
  ArchiveOutput output(host.host(), ArchiveTarget(folder.str("a")), 0644,
                       blobs_of(host, folder.str("a")));
  CHECK(reuse(output, "one", 3) == 3);
  CHECK(reuse(output, "one", -1) == 3);
  CHECK_FALSE(reuse(output, "two", 4));
  CHECK_FALSE(reuse(output, "none", -1));
  output.carry_over(digest_of("one"));
  output.commit();
  const auto made = blobs_of(host, folder.str("a"));
  CHECK(made->tar().index().members().size() == 1);
  CHECK(read_stream(*made->open(digest_of("one"), 3, 0, -1), 10, "b") == "one");

  {
    ArchiveOutput wrong(host.host(), ArchiveTarget(folder.str("w")), 0644, nullptr);
    wrong.writer().add(archive_path_of(digest_of("one")), "two");
    wrong.commit();
  }
  ArchiveOutput next(host.host(), ArchiveTarget(folder.str("w")), 0644,
                     blobs_of(host, folder.str("w")));
  CHECK_THROWS_WITH_AS(reuse(next, "one", 3), doctest::Contains("former"), Error);
}

TEST_CASE("a file keeps its mode and links to it stay") {
  TempFolder folder;
  const FakeHost host;
  namespace fs = std::filesystem;
  write_blobs(host, folder.str("a"), {"one"});
  fs::permissions(folder.path / "a", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("a", folder.path / "l");
  write_blobs(host, folder.str("l"), {"two"});
  CHECK(fs::is_symlink(folder.path / "l"));
  CHECK(fs::status(folder.path / "a").permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(blobs_of(host, folder.str("a"))->size(digest_of("two")) == 3);
}
