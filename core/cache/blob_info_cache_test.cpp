#include "core/cache/blob_info_cache.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "support/testing/temp_folder.hpp"

using sealos::Digest;
using sealos::cache::BlobInfoCache;
using sealos::cache::Database;
using sealos::cache::Statement;

namespace {

Digest digest(int number) {
  const std::string text = std::to_string(number);
  return Digest::require("sha256:" + std::string(64 - text.size(), '0') + text);
}

struct Fixture {
  sealos::testing::TempFolder folder;
  sealos::config::Environment env;
  std::vector<std::string> logs;
  std::string path = folder.str("cache/b.sqlite");

  Fixture() {
    env.log = [this](int, const std::string& text) { logs.push_back(text); };
  }
};

void set_time(Fixture& fixture, int number, const std::string& time) {
  Database database(fixture.path, 1000);
  const std::string name = digest(number).str();
  Statement(database, "UPDATE KnownLocations SET time = ?1 WHERE digest = ?2", {time, name}).step();
}

}  // namespace

TEST_CASE("a variant is known with the annotations that its descriptor needs") {
  Fixture fixture;
  {
    BlobInfoCache cache(fixture.path, fixture.env);
    cache.record_pair(digest(1), digest(2));
    cache.record_compression(digest(1), "zstd");
    cache.record_variant(digest(1), "zstd:chunked", {{"b", "2"}, {"a", "1"}});
  }
  BlobInfoCache cache(fixture.path, fixture.env);
  const auto found = cache.candidates("docker", "h", digest(2), true);
  REQUIRE(found.size() == 2);
  CHECK(found[0].variant == "");
  CHECK(found[1].digest == digest(1));
  CHECK(found[1].compression == "zstd");
  CHECK(found[1].variant == "zstd:chunked");
  CHECK(found[1].annotations ==
        std::vector<std::pair<std::string, std::string>>{{"b", "2"}, {"a", "1"}});
}

TEST_CASE("what was recorded is known to the next process") {
  Fixture fixture;
  {
    BlobInfoCache cache(fixture.path, fixture.env);
    CHECK_FALSE(cache.uncompressed_digest(digest(1)));
    cache.record_pair(digest(1), digest(2));
    cache.record_compression(digest(1), "gzip");
    cache.record_compression(digest(2), "");
    cache.record_compression(digest(3), "xz");
    cache.record_location("docker", "h", digest(1), "h/a");
  }
  BlobInfoCache cache(fixture.path, fixture.env);
  CHECK(cache.uncompressed_digest(digest(1)) == digest(2));
  CHECK(cache.uncompressed_digest(digest(2)) == digest(2));
  CHECK_FALSE(cache.uncompressed_digest(digest(3)));
  CHECK(cache.compression(digest(1)) == "gzip");
  CHECK(cache.compression(digest(2)) == "");
  CHECK(cache.compression(digest(3)) == "xz");
  CHECK_FALSE(cache.compression(digest(4)));
  CHECK(cache.locations("docker", "h", digest(1)) == std::vector<std::string>{"h/a"});
  CHECK(cache.locations("docker", "g", digest(1)).empty());
  CHECK(cache.locations("oci", "h", digest(1)).empty());
  cache.forget_location("docker", "h", digest(1), "h/a");
  CHECK(cache.locations("docker", "h", digest(1)).empty());
  CHECK(fixture.logs.empty());
}

TEST_CASE("the names of compressions in the file are those of the other tools") {
  Fixture fixture;
  BlobInfoCache cache(fixture.path, fixture.env);
  cache.record_compression(digest(1), "");
  cache.record_compression(digest(2), "xz");
  cache.record_compression(digest(3), "zstd");
  cache.flush();
  Database database(fixture.path, 1000);
  Statement rows(database, "SELECT compressor FROM DigestCompressors ORDER BY digest", {});
  for (const char* name : {"uncompressed", "Xz", "zstd"}) {
    REQUIRE(rows.step());
    CHECK(rows.text(0) == name);
  }
}

TEST_CASE("a pair that turns out differently is warned of and replaced") {
  Fixture fixture;
  BlobInfoCache cache(fixture.path, fixture.env);
  cache.record_pair(digest(1), digest(2));
  cache.record_pair(digest(1), digest(2));
  CHECK(cache.uncompressed_digest(digest(1)) == digest(2));
  CHECK(fixture.logs.empty());
  cache.record_pair(digest(1), digest(3));
  CHECK(cache.uncompressed_digest(digest(1)) == digest(3));
  CHECK(fixture.logs.size() == 1);
}

TEST_CASE("candidates: itself, then those seen last, the uncompressed one at the end") {
  Fixture fixture;
  BlobInfoCache cache(fixture.path, fixture.env);
  for (const int number : {1, 2, 3, 4}) {
    cache.record_pair(digest(number), digest(9));
    cache.record_compression(digest(number), number == 3 ? "zstd" : "gzip");
    cache.record_location("docker", "h", digest(number), "h/" + std::to_string(number));
  }
  cache.record_compression(digest(9), "");
  cache.record_location("docker", "h", digest(9), "h/9");
  cache.flush();
  set_time(fixture, 2, "2026-11-23 06:40:19.873885581+00:00");
  set_time(fixture, 3, "2026-11-23 09:40:19.1+02:00");
  set_time(fixture, 4, "2026-11-23 06:40:18.9+00:00");
  set_time(fixture, 1, "2020-01-01 00:00:00+00:00");
  const auto list = cache.candidates("docker", "h", digest(1), true);
  REQUIRE(list.size() == 5);
  CHECK(list[0].location == "h/1");
  CHECK(list[1].location == "h/3");
  CHECK(list[2].location == "h/2");
  CHECK(list[3].location == "h/4");
  CHECK(list[4].location == "h/9");
  CHECK(list[4].compression == "");
  CHECK(cache.candidates("docker", "h", digest(1), false).size() == 1);
  CHECK(cache.candidates("docker", "h", digest(9), true)[0].location == "h/9");
}

TEST_CASE("a blob that nobody saw is a candidate without a location, and others at most two") {
  Fixture fixture;
  BlobInfoCache cache(fixture.path, fixture.env);
  CHECK(cache.candidates("docker", "h", digest(1), true).size() == 1);
  for (const int number : {1, 2, 3, 4, 5}) {
    cache.record_pair(digest(number), digest(9));
    if (number != 5) cache.record_compression(digest(number), "gzip");
  }
  cache.record_location("docker", "h", digest(5), "h/5");
  const auto list = cache.candidates("docker", "h", digest(1), true);
  REQUIRE(list.size() == 2);
  CHECK(list[0].digest == digest(1));
  CHECK(list[0].location.empty());
  CHECK(list[1].digest == digest(2));
}

TEST_CASE("a blob seen in many places is offered from the latest five") {
  Fixture fixture;
  BlobInfoCache cache(fixture.path, fixture.env);
  for (int i = 0; i < 9; ++i)
    cache.record_location("docker", "h", digest(1), "h/" + std::to_string(i));
  CHECK(cache.candidates("docker", "h", digest(1), true).size() == 5);
  CHECK(cache.locations("docker", "h", digest(1)).size() == 9);
}

TEST_CASE("a fresh sighting is not written again, an old one is") {
  Fixture fixture;
  BlobInfoCache cache(fixture.path, fixture.env);
  cache.record_location("docker", "h", digest(1), "h/a");
  cache.flush();
  const auto time = [&] {
    Database database(fixture.path, 1000);
    Statement row(database, "SELECT time FROM KnownLocations", {});
    REQUIRE(row.step());
    return row.text(0);
  };
  const std::string first = time();
  CHECK(first.size() == std::string("2026-11-23 06:40:19.873885581+00:00").size());
  cache.record_location("docker", "h", digest(1), "h/a");
  cache.flush();
  CHECK(time() == first);
  set_time(fixture, 1, "2020-01-01 00:00:00+00:00");
  cache.record_location("docker", "h", digest(1), "h/a");
  cache.flush();
  CHECK(time() >= first);
  set_time(fixture, 1, "not a time");
  cache.record_location("docker", "h", digest(1), "h/a");
  cache.flush();
  CHECK(time() >= first);
}

TEST_CASE("a file that is no database is logged once and left alone") {
  Fixture fixture;
  std::filesystem::create_directories(fixture.folder.path / "cache");
  const std::string text(8192, 'x');
  std::ofstream(fixture.path) << text;
  {
    BlobInfoCache cache(fixture.path, fixture.env);
    cache.record_location("docker", "h", digest(1), "h/a");
    CHECK(cache.locations("docker", "h", digest(1)).empty());
    CHECK_FALSE(cache.uncompressed_digest(digest(1)));
    CHECK(cache.candidates("docker", "h", digest(1), true).empty());
    cache.record_pair(digest(1), digest(2));
  }
  REQUIRE(fixture.logs.size() == 1);
  CHECK(fixture.logs[0].find(fixture.path) != std::string::npos);
  std::ifstream file(fixture.path);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == text);
}

TEST_CASE("a folder that cannot be made is logged once") {
  Fixture fixture;
  BlobInfoCache cache("/proc/none/cache/b.sqlite", fixture.env);
  cache.record_location("docker", "h", digest(1), "h/a");
  CHECK(cache.locations("docker", "h", digest(1)).empty());
  cache.flush();
  CHECK(fixture.logs.size() == 1);
}

TEST_CASE("a database locked for good is read no more, and does not stop the copy") {
  Fixture fixture;
  {
    BlobInfoCache cache(fixture.path, fixture.env);
    cache.record_location("docker", "h", digest(1), "h/a");
  }
  Database other(fixture.path, 1000);
  other.run("BEGIN EXCLUSIVE");
  BlobInfoCache cache(fixture.path, fixture.env, 50);
  CHECK(cache.locations("docker", "h", digest(1)).empty());
  CHECK(cache.locations("docker", "h", digest(1)).empty());
  CHECK(fixture.logs.size() == 1);
}

TEST_CASE("a database that is locked against writing can be read") {
  Fixture fixture;
  {
    BlobInfoCache cache(fixture.path, fixture.env);
    cache.record_location("docker", "h", digest(1), "h/a");
  }
  Database other(fixture.path, 1000);
  other.run("BEGIN IMMEDIATE");
  BlobInfoCache cache(fixture.path, fixture.env, 50);
  cache.record_location("docker", "h", digest(1), "h/b");
  CHECK(cache.locations("docker", "h", digest(1)) == std::vector<std::string>{"h/a"});
  CHECK(fixture.logs.size() == 1);
}

TEST_CASE("an empty path remembers nothing and makes no file") {
  Fixture fixture;
  BlobInfoCache cache("", fixture.env);
  cache.record_location("docker", "h", digest(1), "h/a");
  CHECK(cache.locations("docker", "h", digest(1)).empty());
  CHECK(fixture.logs.empty());
}

TEST_CASE("threads and processes use the file at once") {
  Fixture fixture;
  constexpr int kProcesses = 3, kThreads = 3, kBlobs = 20;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = ::fork();
    if (child == 0) {
      bool good = true;
      {
        sealos::config::Environment env;
        env.log = [&](int, const std::string& text) {
          good = false;
          ::dprintf(2, "child: %s\n", text.c_str());
        };
        BlobInfoCache cache(fixture.path, env, 60000);
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t) {
          threads.emplace_back([&cache, p, t] {
            for (int i = 0; i < kBlobs; ++i) {
              const int id = (p * kThreads + t) * kBlobs + i;
              cache.record_pair(digest(1000 + id), digest(1));
              cache.record_location("docker", "h", digest(1), "h/" + std::to_string(id));
              if (i % 5 == 0) cache.uncompressed_digest(digest(1000 + id));
            }
          });
        }
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  BlobInfoCache cache(fixture.path, fixture.env);
  CHECK(cache.locations("docker", "h", digest(1)).size() == kProcesses * kThreads * kBlobs);
}

TEST_CASE("the file is where podman and skopeo have it") {
  sealos::config::Environment env;
  env.home = "/home/u";
  env.user = 1000;
  CHECK(BlobInfoCache::default_path(env) ==
        "/home/u/.local/share/containers/cache/blob-info-cache-v1.sqlite");
  env.variables["XDG_DATA_HOME"] = "/data";
  CHECK(BlobInfoCache::default_path(env) == "/data/containers/cache/blob-info-cache-v1.sqlite");
  env.user = 0;
  CHECK(BlobInfoCache::default_path(env) == "/var/lib/containers/cache/blob-info-cache-v1.sqlite");
  env.variables["_CONTAINERS_ROOTLESS_UID"] = "1000";
  CHECK(BlobInfoCache::default_path(env) == "/data/containers/cache/blob-info-cache-v1.sqlite");
}
