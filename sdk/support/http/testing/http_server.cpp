#include "support/http/testing/http_server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/file/file.hpp"
#include "support/http/testing/identity.hpp"
#include "support/http/tls_impl.hpp"
#include "support/http/url.hpp"

namespace sealos::testing {
namespace {

/// The client went away, or the server ends.
struct Gone {};

}  // namespace

struct Served::Connection {
  Fd socket;
  std::unique_ptr<SSL, http::FreeSsl> ssl;
  std::string buffer;
  bool open = true;

  void fill() {
    char bytes[64 * 1024];
    const ssize_t n = ssl ? SSL_read(ssl.get(), bytes, sizeof(bytes))
                          : ::recv(socket.get(), bytes, sizeof(bytes), 0);
    if (n <= 0) throw Gone();
    buffer.append(bytes, static_cast<size_t>(n));
  }
  std::string line() {
    size_t end;
    while ((end = buffer.find('\n')) == std::string::npos) fill();
    std::string text = buffer.substr(0, end + 1);
    buffer.erase(0, end + 1);
    return text;
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ssl ? SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()))
                            : ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) throw Gone();
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
};

struct HttpServer::Impl {
  Handler handler;
  Fd listener;
  std::uint16_t port = 0;
  std::unique_ptr<SSL_CTX, http::FreeSsl> tls;
  std::atomic<bool> ending = false;
  std::atomic<int> connections = 0;
  std::mutex mutex;
  std::list<int> sockets;
  std::vector<std::thread> threads;
  std::thread acceptor;

  void accept_all();
  void serve(int socket);
  void serve_requests(Served::Connection& connection);
};

std::string Served::query(const std::string& name) const {
  size_t at = target.find('?');
  while (at != std::string::npos) {
    const size_t end = target.find('&', at + 1);
    const std::string pair = target.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name)
      return equals == std::string::npos ? "" : http::percent_decode(pair.substr(equals + 1));
    at = end;
  }
  return {};
}

void Served::read_chunk_head() {
  if (body_bytes_ > 0) connection_.line();
  left_ = std::strtoll(connection_.line().c_str(), nullptr, 16);
  if (left_ == 0) {
    connection_.line();
    body_complete_ = true;
  }
}

std::string Served::read_body(size_t most) {
  std::string body;
  while (!body_complete_ && body.size() < most) {
    if (left_ == 0 && chunked_) {
      read_chunk_head();
      continue;
    }
    if (left_ == 0) {
      body_complete_ = true;
      break;
    }
    if (connection_.buffer.empty()) connection_.fill();
    const size_t n =
        std::min({static_cast<size_t>(left_), connection_.buffer.size(), most - body.size()});
    body.append(connection_.buffer, 0, n);
    connection_.buffer.erase(0, n);
    left_ -= static_cast<std::int64_t>(n);
    body_bytes_ += static_cast<std::int64_t>(n);
  }
  if (left_ == 0 && !chunked_) body_complete_ = true;
  return body;
}

void Served::reply(int status, const http::Headers& fields, std::string_view body) {
  while (!body_complete_ && !read_body(1 << 20).empty()) {
  }
  std::string text = fmt::format("HTTP/1.1 {} Status\r\n", status);
  for (const auto& [name, value] : fields.fields()) text += name + ": " + value + "\r\n";
  if (!fields.find("Content-Length") && !fields.find("Transfer-Encoding") && status != 204)
    text += fmt::format("Content-Length: {}\r\n", body.size());
  text += "\r\n";
  if (method != "HEAD") text += body;
  send_raw(text);
}

void Served::reply_early(int status, const http::Headers& fields, std::string_view body) {
  body_complete_ = true;
  reply(status, fields, body);
  close();
}

void Served::send_raw(std::string_view bytes) {
  answered_ = true;
  connection_.write(bytes);
}

void Served::close() {
  answered_ = true;
  connection_.open = false;
}

void Served::reset() {
  close();
  const linger now{1, 0};
  ::setsockopt(connection_.socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  connection_.ssl.reset();
}

void Served::stall() {
  char byte;
  while (::recv(connection_.socket.get(), &byte, 1, 0) > 0) {
  }
  throw Gone();
}

void HttpServer::Impl::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (ending) {
      if (socket >= 0) ::close(socket);
      return;
    }
    if (socket < 0) continue;
    ++connections;
    const std::lock_guard lock(mutex);
    sockets.push_back(socket);
    threads.emplace_back([this, socket] { serve(socket); });
  }
}

void HttpServer::Impl::serve(int socket) {
  Served::Connection connection;
  connection.socket = Fd(socket);
  try {
    if (tls) {
      connection.ssl.reset(SSL_new(tls.get()));
      SSL_set_fd(connection.ssl.get(), socket);
      if (SSL_accept(connection.ssl.get()) != 1) throw Gone();
    }
    while (connection.open && !ending) serve_requests(connection);
  } catch (const Gone&) {
  } catch (const std::exception&) {
    // What came is no HTTP: answer as a plain server does that is spoken to in TLS.
    constexpr std::string_view kAnswer = "HTTP/1.0 400 Bad Request\r\n\r\n";
    ::send(socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
  }
  const std::lock_guard lock(mutex);
  sockets.remove(socket);
  connection.ssl.reset();
  connection.socket = Fd();
}

void HttpServer::Impl::serve_requests(Served::Connection& connection) {
  Served served(connection);
  const std::string first = connection.line();
  served.method = first.substr(0, first.find(' '));
  const size_t from = first.find(' ') + 1;
  served.target = first.substr(from, first.find(' ', from) - from);
  for (std::string line; !http::trimmed(line = connection.line()).empty();) {
    const size_t colon = line.find(':');
    served.headers.add(line.substr(0, colon),
                       http::trimmed(std::string_view(line).substr(colon + 1)));
  }
  served.chunked_ = served.headers.find("Transfer-Encoding").has_value();
  served.left_ = std::strtoll(served.headers.text("Content-Length").c_str(), nullptr, 10);
  served.body_complete_ = served.left_ == 0 && !served.chunked_;
  handler(served);
  if (!served.answered()) served.reply(500);
  if (!served.body_complete()) connection.open = false;
}

HttpServer::HttpServer(Handler handler, const TestIdentity* identity,
                       const std::string& client_ca_pem)
    : impl_(std::make_unique<Impl>()) {
  // OpenSSL writes to sockets without a flag against the signal.
  ::signal(SIGPIPE, SIG_IGN);
  impl_->handler = std::move(handler);
  if (identity != nullptr) impl_->tls = server_context(*identity, client_ca_pem);
  impl_->listener = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(impl_->listener.get(), generic, length) != 0 ||
      ::listen(impl_->listener.get(), 64) != 0 ||
      ::getsockname(impl_->listener.get(), generic, &length) != 0)
    throw std::runtime_error("the test's server cannot listen");
  impl_->port = ntohs(address.sin_port);
  impl_->acceptor = std::thread([this] { impl_->accept_all(); });
}

HttpServer::~HttpServer() {
  impl_->ending = true;
  ::shutdown(impl_->listener.get(), SHUT_RDWR);
  impl_->acceptor.join();
  drop_connections();
  for (std::thread& thread : impl_->threads) thread.join();
}

std::uint16_t HttpServer::port() const { return impl_->port; }
int HttpServer::connections() const { return impl_->connections; }

void HttpServer::drop_connections() {
  const std::lock_guard lock(impl_->mutex);
  for (const int socket : impl_->sockets) ::shutdown(socket, SHUT_RDWR);
}

}  // namespace sealos::testing
