#include "core/isolation/connection.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sealos::isolation {
namespace {

/// What is reserved at once for a message whose sender may only say that it is long.
constexpr std::size_t kStep = 1 << 20;

/// Room for one descriptor, as the kernel wants it.
union Ancillary {
  cmsghdr header;
  char room[CMSG_SPACE(sizeof(int))];
};

/// All that came, of which the first counts.
Fd descriptor_of(msghdr& message) {
  Fd found;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof(fd));
      Fd one(fd);
      if (!found) found = std::move(one);
    }
  }
  return found;
}

}  // namespace

SharedArea::~SharedArea() {
  if (memory_ != nullptr) ::munmap(memory_, kSize);
}

void SharedArea::map(int fd) {
  void* at = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) throw errno_error(errno, "sharing memory with the process of a plugin");
  memory_ = static_cast<std::byte*>(at);
}

Fd SharedArea::make() {
  Fd fd(::memfd_create("sealos-stream", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ::ftruncate(fd.get(), kSize) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    throw errno_error(errno, "making memory to share with the process of a plugin");
  map(fd.get());
  return fd;
}

void SharedArea::take(Fd fd) {
  struct stat st = {};
  if (memory_ != nullptr || !fd || ::fstat(fd.get(), &st) != 0 || st.st_size != kSize)
    throw BadMessage("the memory for streams is not what it should be");
  map(fd.get());
}

struct Connection::Header {
  std::uint32_t size;
  Kind kind;
};

std::array<Fd, 2> Connection::pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw errno_error(errno, "making a connection to the process of a plugin");
  return {Fd(ends[0]), Fd(ends[1])};
}

void Connection::send_all(std::span<const std::byte> head, std::span<const char> content, int fd) {
  const std::size_t size = head.size() + content.size();
  Ancillary ancillary{};
  for (std::size_t done = 0; done < size;) {
    std::array<iovec, 2> parts{};
    const std::size_t of_head = std::min(done, head.size());
    const std::size_t of_content = done - of_head;
    parts[0] = {const_cast<std::byte*>(head.data()) + of_head, head.size() - of_head};
    parts[1] = {const_cast<char*>(content.data()) + of_content, content.size() - of_content};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    if (fd >= 0) {
      message.msg_control = &ancillary;
      message.msg_controllen = sizeof(ancillary);
      ancillary.header.cmsg_level = SOL_SOCKET;
      ancillary.header.cmsg_type = SCM_RIGHTS;
      ancillary.header.cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(&ancillary.header), &fd, sizeof(fd));
    }
    const ssize_t n = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw ConnectionEnded();
    done += static_cast<std::size_t>(n);
    fd = -1;
  }
}

void Connection::send(Kind kind, const Writer& content, int fd) {
  if (content.content().size() > kMostMessage) throw BadMessage("a message is longer than 64 MiB");
  const Header header{static_cast<std::uint32_t>(content.content().size()), kind};
  send_all(std::as_bytes(std::span(&header, 1)), content.content(), fd);
}

std::size_t Connection::receive_some(std::span<std::byte> into, Fd& fd) {
  while (true) {
    Ancillary ancillary{};
    iovec part{into.data(), into.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &ancillary;
    message.msg_controllen = sizeof(ancillary);
    const ssize_t n = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw ConnectionEnded();
    Fd came = descriptor_of(message);
    if (came && fd) throw BadMessage("a message has more than one descriptor");
    if (came) fd = std::move(came);
    return static_cast<std::size_t>(n);
  }
}

Message Connection::receive() {
  Message message;
  Header header{};
  const auto head = std::as_writable_bytes(std::span(&header, 1));
  for (std::size_t done = 0; done < head.size();)
    done += receive_some(head.subspan(done), message.fd);
  if (header.size > kMostMessage) throw BadMessage("a message is longer than 64 MiB");
  message.kind = header.kind;
  for (std::size_t done = 0; done < header.size;) {
    if (done == message.content.size())
      message.content.resize(std::min<std::size_t>(header.size, done + kStep));
    const auto room = std::as_writable_bytes(std::span(message.content)).subspan(done);
    done += receive_some(room, message.fd);
  }
  return message;
}

void Connection::end() const noexcept { ::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace sealos::isolation
