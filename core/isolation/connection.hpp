// A socket that carries messages, each with at most one file descriptor, and memory that both of
// its ends share for the bytes of streams.
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "core/isolation/message.hpp"
#include "core/isolation/protocol.hpp"
#include "support/file/file.hpp"

namespace sealos::isolation {

/// The other side is gone.
class ConnectionEnded : public std::exception {
 public:
  const char* what() const noexcept override { return "the connection has ended"; }
};

struct Message {
  Kind kind{};
  std::vector<char> content;
  Fd fd;

  Reader reader() const { return Reader(content); }
};

/// Bytes of streams pass through it, so that they are copied once and not three times. Its size is
/// sealed: the other side cannot make it shorter while this one reads.
class SharedArea {
 public:
  static constexpr std::size_t kSize = 512 * 1024;

  SharedArea() = default;
  SharedArea(const SharedArea&) = delete;
  SharedArea& operator=(const SharedArea&) = delete;
  ~SharedArea();

  explicit operator bool() const { return memory_ != nullptr; }
  /// Makes one, and returns what the other side needs to have it too.
  Fd make();
  /// What the other side has made.
  void take(Fd fd);
  std::span<std::byte> bytes() const { return {memory_, kSize}; }

 private:
  void map(int fd);

  std::byte* memory_ = nullptr;
};

/// One thread at a time.
class Connection {
 public:
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}

  static std::array<Fd, 2> pair();

  /// Both throw ConnectionEnded.
  void send(Kind kind, const Writer& content = {}, int fd = -1);
  /// Throws BadMessage where what comes is no message.
  Message receive();
  /// Whoever sends or receives sees the end at once. From any thread.
  void end() const noexcept;

  SharedArea& area() { return area_; }

 private:
  struct Header;
  void send_all(std::span<const std::byte> head, std::span<const char> content, int fd);
  std::size_t receive_some(std::span<std::byte> into, Fd& fd);

  Fd socket_;
  SharedArea area_;
};

}  // namespace sealos::isolation
