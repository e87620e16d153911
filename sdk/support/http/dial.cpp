#include "support/http/dial.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace sealos::http {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

Error unreachable(const std::string& where, std::string_view why) {
  Error error(Status::unavailable, fmt::format("connecting to {}: {}", where, why));
  error.set_retryable();
  return error;
}

/// One look-up as the C library runs it aside, so that waiting for it can be cancelled.
struct Lookup {
  std::string host, service;
  addrinfo hints{};
  gaicb request{};
  gaicb* list[1] = {&request};
  ~Lookup() {
    if (request.ar_result != nullptr) ::freeaddrinfo(request.ar_result);
  }
};

/// The C library still writes into it; it stays, and is known, until the process ends.
void abandon(std::unique_ptr<Lookup> lookup) {
  static std::mutex mutex;
  static auto& abandoned = *new std::vector<std::unique_ptr<Lookup>>;
  const std::lock_guard lock(mutex);
  abandoned.push_back(std::move(lookup));
}

std::vector<Poco::Net::SocketAddress> resolve(const std::string& host, std::uint16_t port,
                                              const Patience& patience) {
  Poco::Net::IPAddress literal;
  if (Poco::Net::IPAddress::tryParse(host, literal)) return {{literal, port}};
  // RFC 6761, 6.3: this name is this machine, and nobody has to be asked.
  if (host == "localhost")
    return {{Poco::Net::IPAddress("127.0.0.1"), port}, {Poco::Net::IPAddress("::1"), port}};
  auto lookup = std::make_unique<Lookup>();
  lookup->host = host;
  lookup->service = std::to_string(port);
  lookup->hints.ai_socktype = SOCK_STREAM;
  lookup->hints.ai_flags = AI_NUMERICSERV;
  lookup->request.ar_name = lookup->host.c_str();
  lookup->request.ar_service = lookup->service.c_str();
  lookup->request.ar_request = &lookup->hints;
  int problem = ::getaddrinfo_a(GAI_NOWAIT, lookup->list, 1, nullptr);
  if (problem != 0) throw unreachable(host, ::gai_strerror(problem));
  const auto end = Clock::now() + patience.connect;
  while ((problem = ::gai_error(&lookup->request)) == EAI_INPROGRESS) {
    const bool cancelled = patience.cancelled && patience.cancelled();
    if (cancelled || Clock::now() > end) {
      if (::gai_cancel(&lookup->request) == EAI_NOTCANCELED) abandon(std::move(lookup));
      patience.check();
      throw unreachable(host, "its name was not resolved in time");
    }
    const timespec slice{0, 100'000'000};
    ::gai_suspend(lookup->list, 1, &slice);
  }
  if (problem != 0) throw unreachable(host, ::gai_strerror(problem));
  std::vector<Poco::Net::SocketAddress> found;
  for (const addrinfo* at = lookup->request.ar_result; at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET || at->ai_family == AF_INET6)
      found.emplace_back(at->ai_addr, at->ai_addrlen);
  }
  return found;
}

/// 0, or the errno of the failure.
int connect_one(int fd, const sockaddr* address, socklen_t length, const Patience& patience) {
  if (::connect(fd, address, length) == 0) return 0;
  if (errno != EINPROGRESS && errno != EAGAIN) return errno;
  if (patience.wait(fd, POLLOUT, patience.connect) == 0) return ETIMEDOUT;
  int problem = 0;
  socklen_t size = sizeof(problem);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size);
  return problem;
}

Fd new_socket(int family, const std::string& where) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw unreachable(where, std::strerror(errno));
  return fd;
}

}  // namespace

void Patience::check() const {
  if (cancelled && cancelled()) throw Error(Status::cancelled, "cancelled");
}

short Patience::wait(int fd, short events, milliseconds limit) const {
  constexpr milliseconds kSlice{250};
  const auto end = Clock::now() + limit;
  for (;;) {
    check();
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (left.count() <= 0) return 0;
    pollfd both[2] = {{fd, events, 0}, {cancel_fd, POLLIN, 0}};
    const int ready =
        ::poll(both, cancel_fd >= 0 ? 2 : 1, static_cast<int>(std::min(left, kSlice).count()) + 1);
    if (ready < 0 && errno != EINTR)
      throw Error(Status::internal, fmt::format("poll: {}", std::strerror(errno)));
    if (ready > 0 && both[0].revents != 0) return both[0].revents;
  }
}

Fd dial_tcp(const std::string& host, std::uint16_t port, const Patience& patience) {
  const std::string where = fmt::format("{}:{}", host, port);
  std::string why = "it has no address";
  for (const auto& address : resolve(host, port, patience)) {
    Fd fd = new_socket(address.af(), where);
    const int problem = connect_one(fd.get(), address.addr(), address.length(), patience);
    if (problem == 0) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
      return fd;
    }
    why = std::strerror(problem);
  }
  throw unreachable(where, why);
}

Fd dial_unix(const std::string& path, const Patience& patience) {
  try {
    const Poco::Net::SocketAddress address(Poco::Net::SocketAddress::UNIX_LOCAL, path);
    Fd fd = new_socket(AF_UNIX, path);
    const int problem = connect_one(fd.get(), address.addr(), address.length(), patience);
    if (problem == EACCES || problem == EPERM || problem == ENOENT)
      throw errno_error(problem, "connecting to " + path);
    if (problem != 0) throw unreachable(path, std::strerror(problem));
    return fd;
  } catch (const Poco::Exception& e) {
    throw Error(Status::invalid, fmt::format("connecting to {}: {}", path, e.displayText()));
  }
}

}  // namespace sealos::http
