#include "settings.hpp"

#include <doctest/doctest.h>

#include "quirks.hpp"
#include "support/testing/fake_host.hpp"

using namespace sealos;
using namespace sealos::docker;
using std::chrono::milliseconds;

TEST_CASE("times and sizes are read, and nonsense is refused by name") {
  CHECK(parse_duration("k", "500ms") == milliseconds(500));
  CHECK(parse_duration("k", "2s") == milliseconds(2000));
  CHECK(parse_duration("k", "2") == milliseconds(2000));
  CHECK(parse_duration("k", "1m") == milliseconds(60'000));
  for (const char* text : {"", "s", "-1s", "1d", "1.5s", "99999999999999999999s"})
    CHECK_THROWS_AS(parse_duration("k", text), Error);
  CHECK(parse_size("k", "10") == 10);
  CHECK(parse_size("k", "10M") == 10 << 20);
  CHECK(parse_size("k", "2g") == std::int64_t{2} << 30);
  for (const char* text : {"", "M", "0", "1T", "1.5M", "-1"})
    CHECK_THROWS_WITH_AS(parse_size("the-key", text), doctest::Contains("the-key"), Error);
}

TEST_CASE("the transport's own options come before the shared ones") {
  testing::FakeHost host;
  host.options = {{"retry", "9"}, {"docker.retry", "2"}, {"retry-delay", "5s"}};
  const Settings settings = Settings::read(host.host(), docker::Side::writer);
  CHECK(settings.retry.count == 2);
  CHECK(settings.retry.delay == milliseconds(5000));
  CHECK(settings.retry.fixed_delay);
  CHECK(settings.verify);
}

TEST_CASE("what is tried again can be chosen") {
  testing::FakeHost host;
  CHECK(Settings::read(host.host(), docker::Side::writer).retry.statuses ==
        std::set<int>{408, 425, 429, 500, 502, 503, 504, 522, 524});
  host.options["docker.retry-on"] = "network,404";
  Settings settings = Settings::read(host.host(), docker::Side::writer);
  CHECK(settings.retry.network);
  CHECK(settings.retry.statuses == std::set<int>{404});
  host.options["docker.retry-on"] = "5xx";
  settings = Settings::read(host.host(), docker::Side::writer);
  CHECK_FALSE(settings.retry.network);
  CHECK(settings.retry.statuses.size() == 100);
  for (const char* text : {"200", "sometimes", "700"}) {
    host.options["docker.retry-on"] = text;
    CHECK_THROWS_AS(Settings::read(host.host(), docker::Side::writer), Error);
  }
}

TEST_CASE("a value that means nothing is refused") {
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"retry", "many"},
                                                        {"limit-rate", "fast"},
                                                        {"docker.host-limit-rate", "0"},
                                                        {"max-connections", "0"},
                                                        {"docker.host-max-connections", "many"},
                                                        {"docker.stall-timeout", "0s"},
                                                        {"docker.chunk-size", "0"},
                                                        {"tls-verify", "yes"},
                                                        {"docker.journal", "1"}}) {
    testing::FakeHost host;
    host.options[key] = value;
    CHECK_THROWS_WITH_AS(Settings::read(host.host(), docker::Side::writer),
                         doctest::Contains(key.c_str()), Error);
  }
}

TEST_CASE("options that say how to write are asked for by a writer alone") {
  testing::FakeHost host;
  host.options = {{"docker.chunk-size", "64M"}, {"docker.mount-from", "a,b"}};
  const Settings writer = Settings::read(host.host(), docker::Side::writer);
  CHECK(writer.chunk_size == 64 << 20);
  CHECK(writer.mount_from == std::vector<std::string>{"a", "b"});
  const Settings reader = Settings::read(host.host(), docker::Side::reader);
  CHECK(reader.chunk_size == 0);
  CHECK(reader.mount_from.empty());
}

TEST_CASE("hosts of which it is known are uploaded to in their way") {
  const Settings settings;
  CHECK(known_habit("europe-docker.pkg.dev", settings).way == UploadWay::put);
  CHECK(known_habit("eu.gcr.io", settings).way == UploadWay::put);
  CHECK(known_habit("me.azurecr.io:443", settings).needs_length);
  CHECK(known_habit("127.0.0.1:5000", settings).way == UploadWay::patch);
  Settings chunks;
  chunks.chunk_size = 5 << 20;
  CHECK(known_habit("reg", chunks).way == UploadWay::chunks);
  CHECK(known_habit("reg", chunks).chunk == 5 << 20);
  CHECK_THROWS_AS(known_habit("eu.gcr.io", chunks), Error);
}

TEST_CASE("ways that are refused lead to the next one until there is none") {
  UploadHabits habits{UploadHabit()};
  const UploadHabit patch = habits.get();
  CHECK(habits.refuse(patch));
  CHECK(habits.get().way == UploadWay::put);
  CHECK(habits.refuse(patch));  // another blob learned the same
  CHECK(habits.get().way == UploadWay::put);
  CHECK(habits.refuse(habits.get()));
  CHECK(habits.get().way == UploadWay::chunks);
  CHECK(habits.refuse(habits.get()));
  CHECK(habits.get().chunk == 4 << 20);
  CHECK_FALSE(habits.refuse(habits.get()));
}

TEST_CASE(
    "tls-verify is true or false and nothing else, and comes before what registries.conf says") {
  sealos::testing::FakeHost host;
  CHECK(Settings::read(host.host(), docker::Side::writer).verify);
  CHECK_FALSE(Settings::read(host.host(), docker::Side::writer, true).verify);
  host.options["tls-verify"] = "true";
  CHECK(Settings::read(host.host(), docker::Side::writer, true).verify);
  host.options["tls-verify"] = "false";
  CHECK_FALSE(Settings::read(host.host(), docker::Side::writer).verify);
  host.options["tls-verify"] = "maybe";
  CHECK_THROWS_AS(Settings::read(host.host(), docker::Side::writer), Error);
}
