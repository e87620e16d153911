// One connection to a server: bytes in and out, plain or over TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "support/http/dial.hpp"
#include "support/http/tls.hpp"

namespace sealos::http {

/// Every call waits no longer than the Patience allows for the next byte, and ends within a second
/// of a cancellation. Failures of the network are SEALOS_UNAVAILABLE and retryable. One user at a
/// time.
class Wire {
 public:
  /// `name` is for messages.
  Wire(Fd socket, std::string name);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  /// The TLS handshake with `host`. A certificate that is not trusted is SEALOS_UNAVAILABLE and
  /// not retryable.
  void start_tls(const TlsContext& context, const std::string& host, const Patience& patience);

  void set_patience(const Patience& patience) { patience_ = patience; }
  const std::string& name() const { return name_; }
  bool secure() const;

  /// Up to into.size() bytes; 0 once the peer has closed. What came early is handed out first.
  size_t read(std::span<std::byte> into);
  /// Text up to and with the end of a line. More than `most` bytes is an error.
  std::string read_line(size_t most);

  /// What became of a write: all went out, or the peer answered (or closed) before it took all.
  enum class Sent { all, answered };
  Sent write(std::span<const std::byte> bytes);
  Sent write(std::string_view text) { return write(std::as_bytes(std::span(text))); }
  /// `size` bytes of a file from where it stands, inside the kernel; not over TLS.
  Sent send_file(int file, std::int64_t size);

  /// Whether an idle connection can still be used: nothing came on it, and it is open.
  bool alive();
  /// Whether any byte has come since the last call of mark().
  bool heard() const { return heard_; }
  void mark() { heard_ = false; }

 private:
  struct Tls;

  /// As recv and send: bytes, 0 at the end, or -1 when they would have to wait for *events.
  ssize_t try_read(void* into, size_t room, short* events);
  ssize_t try_write(const void* from, size_t size, short* events);
  void tls_handshake(const Patience& patience);
  /// Waits for room to write; true if instead the peer has answered or closed.
  bool wait_to_write(short events);
  bool fill_now();
  void fill();
  size_t buffered() const { return end_ - at_; }
  [[noreturn]] void fail(std::string_view doing, std::string_view why) const;

  Fd socket_;
  std::string name_;
  Patience patience_;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<std::byte[]> buffer_;
  size_t at_ = 0, end_ = 0;
  bool heard_ = false, closed_ = false;
};

}  // namespace sealos::http
