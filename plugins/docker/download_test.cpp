#include "download.hpp"

#include <doctest/doctest.h>

#include "testing/image.hpp"

using namespace sealos;
using namespace sealos::testing;

TEST_CASE("a download that is cut off goes on where it stood") {
  PlainHost host;
  FakeRegistry registry;
  const std::string bytes = much(3'000'000);
  registry.add_blob("app", bytes);
  registry.blob_cuts = {1'100'000, 0, 500'000};
  CHECK(get(*source(host, registry.name("app:1")), bytes) == bytes);
  CHECK(registry.count("GET", "/blobs/") == 4);
}

TEST_CASE("a part that is cut off goes on inside the part") {
  PlainHost host;
  FakeRegistry registry;
  const std::string bytes = much(1'000'000);
  registry.add_blob("app", bytes);
  registry.blob_cuts = {10'000};
  const auto from = source(host, registry.name("app:1"));
  const auto part = from->open_blob(blob_of(bytes), 100'000, -1);
  CHECK(read_stream(*part, 1 << 20, "part") == bytes.substr(100'000));
}

TEST_CASE("a download without progress is given up, and one with progress is not") {
  PlainHost host;
  FakeRegistry registry;
  const std::string bytes = much(8'000'000);
  registry.add_blob("app", bytes);
  const auto from = source(host, registry.name("app:1"));
  registry.blob_cuts = {10, 10, 10, 10};
  CHECK(status_of([&] { get(*from, bytes); }) == Status::unavailable);
  registry.blob_cuts = std::deque<std::int64_t>(6, 1'200'000);
  CHECK(get(*from, bytes) == bytes);
}

TEST_CASE("a registry that sends all again instead of the rest is read past what is known") {
  PlainHost host;
  FakeRegistry registry;
  const std::string bytes = much(1'000'000);
  std::atomic<int> count = 0;
  registry.before = [&](Served& request) {
    if (request.path().find("/blobs/") == std::string::npos) return false;
    if (++count > 1) {
      request.reply(200, {}, bytes);
      return true;
    }
    request.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" +
                     bytes.substr(0, 600'000));
    request.close();
    return true;
  };
  CHECK(get(*source(host, registry.name("app:1")), bytes) == bytes);
  CHECK(count == 2);
}

TEST_CASE("another part than was asked for is not taken") {
  PlainHost host;
  FakeRegistry registry;
  const std::string bytes = much(100'000);
  registry.before = [&](Served& request) {
    if (request.path().find("/blobs/") == std::string::npos) return false;
    http::Headers headers;
    headers.add("Content-Range", "bytes 0-99999/100000");
    request.reply(206, headers, bytes);
    return true;
  };
  const auto from = source(host, registry.name("app:1"));
  CHECK(status_of([&] { from->open_blob(blob_of(bytes), 5, -1); }) == Status::corrupt);
}
