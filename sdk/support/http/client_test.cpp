#include "support/http/client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/file/file_stream.hpp"
#include "support/http/testing/http_server.hpp"
#include "support/http/testing/shared.hpp"

using namespace sealos;
using namespace sealos::http;
using sealos::testing::HttpServer;
using sealos::testing::Served;
using sealos::testing::Shared;

namespace {

Request request_to(const HttpServer& server, const std::string& target = "/",
                   const std::string& method = "GET") {
  Request request;
  request.method = method;
  request.url = Url::parse("http://" + server.address() + target);
  return request;
}

Headers header(const char* name, const std::string& value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

/// The Error that the call throws.
template <typename Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Error& e) {
    return e;
  }
  return Error(Status::ok, "nothing was thrown");
}

}  // namespace

TEST_CASE("one connection serves one request after another") {
  HttpServer server([](Served& request) { request.reply(200, {}, request.target); });
  Client client({});
  for (const char* target : {"/a", "/b?x=y%2F", "/c"})
    CHECK(client.send(request_to(server, target)).read_all(100) == target);
  CHECK(client.send(request_to(server, "/", "HEAD")).length() == 1);
  CHECK(client.send(request_to(server, "/d")).read_all(100) == "/d");
  CHECK(server.connections() == 1);
}

TEST_CASE("a body that is not read costs the connection, and confuses no other answer") {
  HttpServer server([](Served& request) { request.reply(200, {}, std::string(200'000, 'x')); });
  Client client({});
  client.send(request_to(server));
  CHECK(client.send(request_to(server)).read_all(1 << 20).size() == 200'000);
  CHECK(server.connections() == 2);
}

TEST_CASE("a kept connection that the server has closed is replaced") {
  HttpServer server([](Served& request) { request.reply(200, {}, "ok"); });
  Client client({});
  CHECK(client.send(request_to(server)).read_all(10) == "ok");
  server.drop_connections();
  CHECK(client.send(request_to(server)).read_all(10) == "ok");
}

TEST_CASE("a kept connection that dies under a request is tried once more, a new one is not") {
  std::atomic<int> count = 0;
  HttpServer server([&](Served& request) {
    if (++count == 2 || count >= 4) return request.close();
    request.reply(200, {}, "ok");
  });
  Client client({});
  client.send(request_to(server)).read_all(10);
  CHECK(client.send(request_to(server)).read_all(10) == "ok");  // 2 is closed, 3 answers
  const Error error = error_of([&] { Client({}).send(request_to(server)); });
  CHECK(error.status() == Status::unavailable);
  CHECK(error.retryable());
  CHECK(count == 4);
}

TEST_CASE("chunks are joined, and a body that is cut off is an error in every framing") {
  Shared<std::string> raw;
  HttpServer server([&](Served& request) {
    request.send_raw(raw.get());
    request.close();
  });
  Client client({});
  const auto read = [&](const std::string& text) {
    raw = "HTTP/1.1 200 OK\r\n" + text;
    return client.send(request_to(server)).read_all(1000);
  };
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(read(chunked + "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n") ==
        "abc0123456789");
  CHECK(read("\r\nuntil the end") == "until the end");
  for (const std::string& text :
       {chunked + "3\r\nabc\r\n", chunked + "3\r\nab", chunked + "3\r\nabc\r\n0\r\n", chunked,
        std::string("Content-Length: 10\r\n\r\nabc"), std::string("Content-Length: 10\r\n")}) {
    CAPTURE(text);
    const Error error = error_of([&] { read(text); });
    CHECK(error.status() == Status::unavailable);
    CHECK(error.retryable());
  }
}

TEST_CASE("what is no HTTP is refused and not tried again") {
  Shared<std::string> raw;
  HttpServer server([&](Served& request) {
    request.send_raw(raw.get());
    request.close();
  });
  Client client({});
  for (const std::string& text :
       {std::string("SSH-2.0-OpenSSH\r\n\r\n"), std::string("HTTP/1.1 abc\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nX: " + std::string(300'000, 'x') + "\r\n\r\n",
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")}) {
    raw = text;
    CAPTURE(text.substr(0, 60));
    const Error error = error_of([&] { client.send(request_to(server)).read_all(1 << 20); });
    CHECK(error.status() == Status::unavailable);
    CHECK_FALSE(error.retryable());
  }
}

TEST_CASE("interim answers and bare line feeds are taken") {
  HttpServer server([&](Served& request) {
    request.send_raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 \nRetry-After: 3\n\nslow");
    request.close();
  });
  Response response = Client({}).send(request_to(server));
  CHECK(response.status() == 429);
  CHECK(response.headers().text("retry-after") == "3");
  CHECK(response.read_all(10) == "slow");
}

TEST_CASE("a body larger than is wanted is not read to its end") {
  HttpServer server([](Served& request) { request.reply(200, {}, std::string(100'000, 'x')); });
  CHECK(error_of([&] { Client({}).send(request_to(server)).read_all(1000); }).status() ==
        Status::invalid);
}

TEST_CASE("an answer that comes before the body was sent is read, not lost") {
  HttpServer server([](Served& request) { request.reply_early(401, {}, "who are you"); });
  const auto stream = memory_stream(std::string(50'000'000, 'x'));
  Request request = request_to(server, "/", "PUT");
  request.stream = stream.get();
  request.stream_size = stream->size();
  CHECK(Client({}).send(request).status() == 401);
}

TEST_CASE("a server that takes no more bytes and closes is an error worth another try") {
  HttpServer server([](Served& request) {
    request.read_body(100'000);
    request.reset();
  });
  const auto stream = memory_stream(std::string(50'000'000, 'x'));
  Request request = request_to(server, "/", "PUT");
  request.stream = stream.get();
  request.stream_size = stream->size();
  const Error error = error_of([&] { Client({}).send(request); });
  CHECK(error.status() == Status::unavailable);
  CHECK(error.retryable());
}

TEST_CASE("streams of every length arrive as they are, in chunks and in one piece") {
  HttpServer server([](Served& request) { request.reply(200, {}, request.read_body()); });
  Client client({});
  std::string text;
  for (int i = 0; text.size() < 600'000; ++i) text += std::to_string(i);
  constexpr size_t kPiece = 256 * 1024;
  for (const size_t size :
       {size_t{0}, size_t{1}, kPiece - 1, kPiece, kPiece + 1, 2 * kPiece, text.size()}) {
    for (const bool chunked : {true, false}) {
      CAPTURE(size);
      CAPTURE(chunked);
      const std::string sent = text.substr(0, size);
      const auto stream = memory_stream(sent);
      Request request = request_to(server, "/", "PUT");
      request.stream = stream.get();
      request.stream_size = chunked ? -1 : stream->size();
      CHECK(client.send(request).read_all(1 << 20) == sent);
    }
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a stream with another size than was said is not sent to its end") {
  std::atomic<bool> complete = false;
  HttpServer server([&](Served& request) {
    request.read_body();
    complete = request.body_complete();
    request.reply(200);
  });
  for (const std::int64_t size : {9, 11}) {
    const auto stream = memory_stream("0123456789");
    Request request = request_to(server, "/", "PUT");
    request.stream = stream.get();
    request.stream_size = size;
    CHECK(error_of([&] { Client({}).send(request); }).status() == Status::corrupt);
  }
  CHECK_FALSE(complete);
}

TEST_CASE("a cancellation ends a wait for a silent server within a second") {
  HttpServer server([](Served& request) { request.stall(); });
  std::atomic<bool> cancelled = false;
  ClientOptions options;
  options.patience.cancelled = [&] { return cancelled.load(); };
  Client client(options);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    cancelled = true;
  });
  const auto start = std::chrono::steady_clock::now();
  CHECK(error_of([&] { client.send(request_to(server)); }).status() == Status::cancelled);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
  later.join();
}

TEST_CASE("a server that stalls is given up") {
  HttpServer server([](Served& request) {
    request.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    request.stall();
  });
  ClientOptions options;
  options.patience.stall = std::chrono::milliseconds(100);
  const Error error = error_of([&] { Client(options).send(request_to(server)).read_all(100); });
  CHECK(error.status() == Status::unavailable);
  CHECK(error.retryable());
}

TEST_CASE("credentials do not follow a redirect to another port, and no redirect leaves https") {
  std::string seen = "none";
  HttpServer other([&](Served& request) {
    seen = request.headers.text("Authorization");
    request.reply(200, {}, "there");
  });
  HttpServer server([&](Served& request) {
    request.reply(302, header("Location", "http://" + other.address() + "/x"));
  });
  Request request = request_to(server);
  request.headers.add("Authorization", "Basic secret");
  CHECK(Client({}).follow(request).read_all(10) == "there");
  CHECK(seen.empty());
  const Url from = Url::parse("https://reg:5000/v2/");
  CHECK(next_location(from, "http://reg:5000/u").str() == "https://reg:5000/u");
  CHECK(next_location(from, "http://reg/u").str() == "https://reg:5000/u");
  CHECK(error_of([&] { next_location(from, "http://storage/u"); }).status() == Status::denied);
}

TEST_CASE("no more connections are opened than allowed") {
  std::atomic<int> busy = 0, most = 0;
  HttpServer server([&](Served& request) {
    most = std::max(most.load(), ++busy);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --busy;
    request.reply(200, {}, "ok");
  });
  ClientOptions options;
  options.pool = std::make_shared<Pool>(Pool::Limits{2, 0});
  Client client(options);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] { CHECK(client.send(request_to(server)).read_all(10) == "ok"); });
  for (std::thread& thread : threads) thread.join();
  CHECK(most <= 2);
  CHECK(server.connections() <= 2);
}

TEST_CASE("a connection in use is waited for a moment only, and used again once it is free") {
  HttpServer server([](Served& request) { request.reply(200); });
  const auto pool = std::make_shared<Pool>(Pool::Limits());
  const unsigned me = pool->join(Pool::Side::neither, "");
  Pool::Lease first = pool->take(me, "origin", {});
  pool->note_cost(me, "origin", std::chrono::milliseconds(3));
  CHECK(pool->take(me, "origin", {}, true).wire == nullptr);
  first.wire = std::make_unique<Wire>(dial_tcp("127.0.0.1", server.port(), {}), "origin");
  first.give_back();
  CHECK(pool->take(me, "origin", {}, true).wire != nullptr);
}

TEST_CASE("clients that share a pool keep its limits together, idle connections counted") {
  HttpServer one([](Served& request) { request.reply(200); });
  HttpServer other([](Served& request) { request.reply(200); });
  ClientOptions options;
  options.pool = std::make_shared<Pool>(Pool::Limits{0, 1});
  Client first(options), second(options);
  first.send(request_to(one)).finish();
  first.send(request_to(one)).finish();
  CHECK(one.connections() == 1);
  second.send(request_to(other)).finish();
  second.send(request_to(one)).finish();
  CHECK(one.connections() == 2);
  CHECK(other.connections() == 1);
}

TEST_CASE("a reader leaves a connection to a writer, and the two need two") {
  for (const Pool::Limits limits : {Pool::Limits{2, 0}, Pool::Limits{0, 2}}) {
    const auto pool = std::make_shared<Pool>(limits);
    const unsigned reader = pool->join(Pool::Side::reader, "reg");
    const unsigned writer = pool->join(Pool::Side::writer, "reg");
    const Pool::Lease read = pool->take(reader, "http://reg", {});
    std::atomic<bool> read_more = false;
    std::optional<Pool::Lease> write(pool->take(writer, "http://reg", {}));
    std::thread waits([&] {
      const Pool::Lease more = pool->take(writer, "http://reg", {});
      read_more = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK_FALSE(read_more);
    write.reset();
    waits.join();
    Patience impatient;
    impatient.cancelled = [] { return true; };
    CHECK_THROWS_AS(pool->take(reader, "http://reg", impatient), Error);
  }
  const auto pool = std::make_shared<Pool>(Pool::Limits{1, 0});
  pool->join(Pool::Side::writer, "reg");
  pool->join(Pool::Side::reader, "other");
  CHECK_THROWS_AS(pool->join(Pool::Side::reader, "reg"), Error);
}

TEST_CASE("what is left of a lost connection is used by its thread and nobody else") {
  const auto pool = std::make_shared<Pool>(Pool::Limits{1, 1});
  const unsigned me = pool->join(Pool::Side::neither, "reg");
  Patience impatient;
  impatient.cancelled = [] { return true; };
  {
    const Pool::Kept kept(pool->take(me, "http://reg", {}));
    std::thread([&] { CHECK_THROWS_AS(pool->take(me, "http://reg", impatient), Error); }).join();
    { const Pool::Lease token = pool->take(me, "http://tokens", impatient); }
    { const Pool::Lease refused = pool->take(me, "http://reg", impatient); }
    const Pool::Lease again = pool->take(me, "http://reg", impatient);
    CHECK_THROWS_AS(pool->take(me, "http://reg", impatient), Error);
  }
  CHECK_NOTHROW(pool->take(me, "http://reg", impatient));
}

TEST_CASE("nobody at the other end is an error worth another try") {
  std::string address;
  {
    HttpServer server([](Served&) {});
    address = server.address();
  }
  Request request;
  request.url = Url::parse("http://" + address + "/");
  const Error error = error_of([&] { Client({}).send(request); });
  CHECK(error.status() == Status::unavailable);
  CHECK(error.retryable());
}

TEST_CASE("a header cannot smuggle another one") {
  Headers headers;
  CHECK_THROWS_AS(headers.add("X", "a\r\nY: b"), Error);
}
