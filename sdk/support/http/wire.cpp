#include "support/http/wire.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "support/http/tls_impl.hpp"

namespace sealos::http {
namespace {

constexpr size_t kBuffer = 16 * 1024;

/// While it lives, writing to a closed socket is an error of this thread's call and no signal.
/// (send has a flag for that; sendfile and OpenSSL's own write have not.)
class NoSigPipe {
 public:
  NoSigPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigPipe() {
    const int kept = errno;
    const timespec now{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = kept;
  }

 private:
  sigset_t pipe_, before_;
  bool was_pending_;
};

Error network_error(std::string message) {
  Error error(Status::unavailable, std::move(message));
  error.set_retryable();
  return error;
}

}  // namespace

struct Wire::Tls {
  std::unique_ptr<SSL, FreeSsl> ssl;
};

Wire::Wire(Fd socket, std::string name)
    : socket_(std::move(socket)),
      name_(std::move(name)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(kBuffer)) {}

Wire::~Wire() = default;

bool Wire::secure() const { return tls_ != nullptr; }

void Wire::fail(std::string_view doing, std::string_view why) const {
  throw network_error(fmt::format("{} {}: {}", doing, name_, why));
}

void Wire::start_tls(const TlsContext& context, const std::string& host, const Patience& patience) {
  auto tls = std::make_unique<Tls>();
  tls->ssl = context.impl().make(host);
  SSL_set_fd(tls->ssl.get(), socket_.get());
  SSL_set_connect_state(tls->ssl.get());
  tls_ = std::move(tls);
  tls_handshake(patience);
}

void Wire::tls_handshake(const Patience& patience) {
  SSL* ssl = tls_->ssl.get();
  const auto end = std::chrono::steady_clock::now() + patience.connect;
  for (;;) {
    ERR_clear_error();
    int result, problem;
    {
      const NoSigPipe quiet;
      result = SSL_connect(ssl);
      problem = SSL_get_error(ssl, result);
    }
    if (result == 1) return;
    if (problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      const short events = problem == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
      if (patience.wait(socket_.get(), events, left) == 0)
        fail("TLS with", "the server does not answer");
      continue;
    }
    const long trust = SSL_get_verify_result(ssl);
    const int reason = ERR_GET_REASON(ERR_peek_error());
    if (trust != X509_V_OK)
      throw Error(Status::unavailable,
                  fmt::format("TLS with {}: its certificate is not trusted: {}", name_,
                              X509_verify_cert_error_string(trust)));
    if (problem == SSL_ERROR_SSL && reason == SSL_R_WRONG_VERSION_NUMBER)
      throw Error(Status::unavailable,
                  fmt::format("TLS with {}: the server answers in plain HTTP on this port", name_));
    std::string why = tls_error_text();
    if (why.empty()) why = "the server closed the connection";
    if (problem == SSL_ERROR_SSL && reason != SSL_R_UNEXPECTED_EOF_WHILE_READING)
      throw Error(Status::unavailable, fmt::format("TLS with {}: {}", name_, why));
    fail("TLS with", why);
  }
}

ssize_t Wire::try_read(void* into, size_t room, short* events) {
  *events = POLLIN;
  if (!tls_) {
    ssize_t n;
    do {
      n = ::recv(socket_.get(), into, room, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN) fail("reading from", std::strerror(errno));
    return n;
  }
  ERR_clear_error();
  const NoSigPipe quiet;
  SSL* ssl = tls_->ssl.get();
  size_t n = 0;
  const int result = SSL_read_ex(ssl, into, room, &n);
  if (result == 1) return static_cast<ssize_t>(n);
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return -1;
    case SSL_ERROR_WANT_WRITE:
      *events = POLLOUT;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      fail("reading from", errno == 0 ? "the connection was cut" : std::strerror(errno));
    default:
      fail("reading from", tls_error_text());
  }
}

ssize_t Wire::try_write(const void* from, size_t size, short* events) {
  *events = POLLOUT;
  if (!tls_) {
    ssize_t n;
    do {
      n = ::send(socket_.get(), from, size, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n;
  }
  ERR_clear_error();
  const NoSigPipe quiet;
  SSL* ssl = tls_->ssl.get();
  size_t n = 0;
  errno = 0;
  const int result = SSL_write_ex(ssl, from, size, &n);
  if (result == 1) return static_cast<ssize_t>(n);
  const int problem = SSL_get_error(ssl, result);
  if (problem == SSL_ERROR_WANT_READ) *events = POLLIN;
  const bool wait = problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE;
  errno = wait ? EAGAIN : (errno == 0 || errno == EAGAIN ? ECONNRESET : errno);
  return -1;
}

/// Takes what the peer has sent, without waiting. True if there is something, or it has closed.
bool Wire::fill_now() {
  if (buffered() > 0 || closed_) return true;
  short events;
  const ssize_t n = try_read(buffer_.get(), kBuffer, &events);
  if (n < 0) return false;
  at_ = 0;
  end_ = static_cast<size_t>(n);
  heard_ = heard_ || n > 0;
  closed_ = n == 0;
  return true;
}

void Wire::fill() {
  for (;;) {
    patience_.check();
    if (buffered() > 0 || closed_) return;
    short events;
    const ssize_t n = try_read(buffer_.get(), kBuffer, &events);
    if (n >= 0) {
      at_ = 0;
      end_ = static_cast<size_t>(n);
      heard_ = heard_ || n > 0;
      closed_ = n == 0;
      return;
    }
    if (patience_.wait(socket_.get(), events, patience_.stall) == 0)
      fail("reading from", fmt::format("no byte for {} s", patience_.stall.count() / 1000.0));
  }
}

size_t Wire::read(std::span<std::byte> into) {
  patience_.check();
  if (buffered() > 0) {
    const size_t n = std::min(into.size(), buffered());
    std::memcpy(into.data(), buffer_.get() + at_, n);
    at_ += n;
    return n;
  }
  if (closed_) return 0;
  for (;;) {
    short events;
    const ssize_t n = try_read(into.data(), into.size(), &events);
    if (n >= 0) {
      heard_ = heard_ || n > 0;
      closed_ = n == 0;
      return static_cast<size_t>(n);
    }
    if (patience_.wait(socket_.get(), events, patience_.stall) == 0)
      fail("reading from", fmt::format("no byte for {} s", patience_.stall.count() / 1000.0));
  }
}

std::string Wire::read_line(size_t most) {
  std::string line;
  for (;;) {
    fill();
    if (closed_ && buffered() == 0) fail("reading from", "it closed the connection");
    const auto* from = reinterpret_cast<const char*>(buffer_.get()) + at_;
    const auto* end = static_cast<const char*>(std::memchr(from, '\n', buffered()));
    const size_t n = end != nullptr ? static_cast<size_t>(end - from) + 1 : buffered();
    line.append(from, n);
    at_ += n;
    if (line.size() > most)
      throw Error(Status::unavailable,
                  fmt::format("{} sends a line of more than {} bytes", name_, most));
    if (end != nullptr) return line;
  }
}

bool Wire::wait_to_write(short events) {
  const short ready =
      patience_.wait(socket_.get(), static_cast<short>(events | POLLIN), patience_.stall);
  if (ready == 0)
    fail("writing to", fmt::format("it takes nothing for {} s", patience_.stall.count() / 1000.0));
  return (ready & (POLLIN | POLLHUP | POLLERR)) != 0 && fill_now();
}

Wire::Sent Wire::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    patience_.check();
    short events;
    const ssize_t n = try_write(bytes.data(), bytes.size(), &events);
    if (n > 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
      continue;
    }
    const int problem = errno;
    if (n < 0 && problem != EAGAIN) {
      // A server that refuses early answers and closes; its answer is worth more than the error.
      if (fill_now() && buffered() > 0) return Sent::answered;
      fail("writing to", std::strerror(problem));
    }
    if (wait_to_write(events)) return Sent::answered;
  }
  return Sent::all;
}

Wire::Sent Wire::send_file(int file, std::int64_t size) {
  constexpr std::int64_t kPiece = 1 << 20;
  while (size > 0) {
    patience_.check();
    ssize_t n;
    {
      const NoSigPipe quiet;
      n = ::sendfile(socket_.get(), file, nullptr, static_cast<size_t>(std::min(size, kPiece)));
    }
    if (n > 0) {
      size -= n;
      continue;
    }
    if (n == 0) throw Error(Status::corrupt, "the blob is shorter than it should be");
    if (errno == EINTR) continue;
    const int problem = errno;
    if (problem == EIO) throw errno_error(problem, "reading the blob");
    if (problem != EAGAIN) {
      if (fill_now() && buffered() > 0) return Sent::answered;
      fail("writing to", std::strerror(problem));
    }
    if (wait_to_write(POLLOUT)) return Sent::answered;
  }
  return Sent::all;
}

bool Wire::alive() {
  if (buffered() > 0 || closed_) return false;
  pollfd idle{socket_.get(), POLLIN, 0};
  if (::poll(&idle, 1, 0) == 0) return true;
  if (!tls_) return false;
  // TLS 1.3 sends session tickets whenever it likes; they are no data.
  try {
    return !fill_now();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace sealos::http
