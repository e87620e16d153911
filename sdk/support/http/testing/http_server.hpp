// A small HTTP server for tests, in the test's own process, that can be told to misbehave.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "support/http/headers.hpp"

namespace sealos::testing {

struct TestIdentity;

/// One request on the server's side. The handler answers it, or does something worse.
class Served {
 public:
  struct Connection;
  explicit Served(Connection& connection) : connection_(connection) {}

  std::string method, target;  ///< as they came
  http::Headers headers;

  std::string path() const { return target.substr(0, target.find('?')); }
  /// A parameter of the query, decoded; "" if it is not there.
  std::string query(const std::string& name) const;

  /// Bytes of the body; fewer than `most` only at its end. What has been read is counted even
  /// when the client goes away.
  std::string read_body(size_t most = SIZE_MAX);
  std::int64_t body_bytes() const { return body_bytes_; }
  bool body_complete() const { return body_complete_; }

  /// Reads the rest of the body, then answers. A HEAD gets no body.
  void reply(int status, const http::Headers& fields = {}, std::string_view body = {});
  /// Answers at once and closes, with the request's body unread.
  void reply_early(int status, const http::Headers& fields = {}, std::string_view body = {});
  void send_raw(std::string_view bytes);
  void close();  ///< with a FIN
  void reset();  ///< with a RST
  /// Says nothing until the client goes away or the server ends.
  void stall();
  bool answered() const { return answered_; }

 private:
  friend class HttpServer;
  void read_chunk_head();

  Connection& connection_;
  std::int64_t left_ = 0, body_bytes_ = 0;
  bool chunked_ = false, body_complete_ = false, answered_ = false;
};

/// Listens on a free port of 127.0.0.1 and serves each connection in a thread of its own. The
/// handler is called from all of them.
class HttpServer {
 public:
  using Handler = std::function<void(Served&)>;
  /// identity: speak TLS; client_ca_pem: and only with clients that have a certificate of it.
  explicit HttpServer(Handler handler, const TestIdentity* identity = nullptr,
                      const std::string& client_ca_pem = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  /// Connections so far.
  int connections() const;
  /// Closes all idle and busy connections, and goes on listening.
  void drop_connections();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sealos::testing
