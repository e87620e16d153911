#include "journal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "support/testing/temp_folder.hpp"
#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;
using docker::Journal;

namespace {

/// A cache folder of the test's own.
struct Cache {
  TempFolder folder;
  FakeHost host;
  Cache() { ::setenv("XDG_CACHE_HOME", folder.path.c_str(), 1); }
  ~Cache() { ::unsetenv("XDG_CACHE_HOME"); }
  size_t files() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  }
};

}  // namespace

TEST_CASE("what is noted is found by the next run, until it is forgotten or complete") {
  Cache cache;
  const Digest one = digest_of("1"), two = digest_of("2");
  {
    Journal journal(cache.host.host(), "reg/app:1", true);
    journal.note(one, "http://reg/u/1?_state=secret");
    journal.note(two, "http://reg/u/2");
    journal.forget(two);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cache.folder.path)) {
    const std::string name = entry.path().filename().string();
    // As a process leaves it that dies while it writes.
    if (entry.path().extension() == ".json")
      std::ofstream(entry.path().parent_path() / ("." + name + ".0123")) << "half";
    struct stat info {};
    ::stat(entry.path().c_str(), &info);
    if (entry.is_regular_file()) CHECK((info.st_mode & 0077) == 0);
  }
  {
    Journal journal(cache.host.host(), "reg/app:1", true);
    CHECK(*journal.find(one) == "http://reg/u/1?_state=secret");
    CHECK_FALSE(journal.find(two));
    CHECK_FALSE(Journal(cache.host.host(), "reg/other:1", true).find(one));
    journal.clear();
  }
  CHECK(cache.files() == 0);
}

TEST_CASE("two copies to one destination do not share a journal at the same time") {
  Cache cache;
  Journal first(cache.host.host(), "reg/app:1", true);
  first.note(digest_of("1"), "http://reg/u/1");
  Journal second(cache.host.host(), "reg/app:1", true);
  CHECK_FALSE(second.find(digest_of("1")));
  second.note(digest_of("2"), "http://reg/u/2");
  CHECK(second.find(digest_of("2")));
  first.note(digest_of("3"), "http://reg/u/3");
  CHECK_FALSE(first.find(digest_of("2")));
}

TEST_CASE("a damaged journal is an empty one") {
  Cache cache;
  { Journal(cache.host.host(), "reg/app:1", true).note(digest_of("1"), "http://reg/u/1"); }
  for (const char* text : {"", "{", R"({"destination":"reg/app:1","uploads":[]})",
                           R"({"destination":"reg/app:1","uploads":{"../x":{"address":1}}})"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(cache.folder.path)) {
      if (entry.path().extension() == ".json") std::ofstream(entry.path()) << text;
    }
    CHECK_FALSE(Journal(cache.host.host(), "reg/app:1", true).find(digest_of("1")));
  }
}

TEST_CASE("without a place to write, all is kept in memory") {
  Cache cache;
  ::setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
  Journal journal(cache.host.host(), "reg/app:1", true);
  journal.note(digest_of("1"), "http://reg/u/1");
  CHECK(journal.find(digest_of("1")));
}

TEST_CASE("a new process goes on with the upload of one that died") {
  Cache cache;
  PlainHost host;
  host.options.erase("docker.journal");
  host.options["retry"] = "0";
  FakeRegistry registry;
  const TempFolder folder;
  const std::string bytes = much(5'000'000);
  replace_file(folder.fd.get(), "blob", bytes);
  const auto push = [&] {
    const auto to = destination(host, registry.name("app:1"));
    const auto stream = file_stream(open_at(folder.fd.get(), "blob", O_RDONLY), "blob");
    to->put_blob(blob_of(bytes), *stream);
    to->commit(kImage);
  };
  registry.patch_cuts = {2'000'000, 1'500'000};
  CHECK(status_of(push) == Status::unavailable);
  CHECK(status_of(push) == Status::unavailable);
  push();
  CHECK(registry.blob(digest_of(bytes)) == bytes);
  CHECK(registry.bytes_received() == 5'000'000);
  CHECK(cache.files() == 0);
}

TEST_CASE("what the registry has is checked: another beginning is sent again") {
  Cache cache;
  PlainHost host;
  host.options.erase("docker.journal");
  host.options["retry"] = "0";
  FakeRegistry registry;
  const std::string bytes = much(3'000'000);
  registry.patch_cuts = {2'000'000};
  const auto to = destination(host, registry.name("app:1"));
  CHECK(status_of([&] { put(*to, bytes); }) == Status::unavailable);
  {
    const std::lock_guard lock(registry.mutex);
    registry.uploads.begin()->second->bytes[5] ^= 1;
  }
  CHECK(status_of([&] { put(*to, bytes); }) == Status::corrupt);
  put(*to, bytes);
  CHECK(registry.blob(digest_of(bytes)) == bytes);
}
