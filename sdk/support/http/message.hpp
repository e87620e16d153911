// What is asked, and what is answered.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "sealos/sdk/stream.hpp"
#include "support/http/headers.hpp"
#include "support/http/url.hpp"

namespace sealos::http {

struct Request {
  std::string method = "GET";
  Url url;
  Headers headers;  ///< Host, Content-Length, Transfer-Encoding and User-Agent are added

  std::string body;
  /// If set, the body comes from here, and is then consumed. With a size it is sent with a
  /// Content-Length, else in chunks; its last bytes go out only after it has ended well.
  Stream* stream = nullptr;
  std::int64_t stream_size = -1;
  /// False: these bytes are a part and the stream goes on behind them (only with a descriptor).
  bool stream_ends = true;
  /// Told how many bytes of the stream went out, now and then.
  std::function<void(std::int64_t)> sent;

  bool has_body() const { return stream != nullptr || !body.empty(); }
};

class Exchange;

/// An answer whose body is still to be read. Dropping it before the end of the body closes the
/// connection; after the end the connection can be used again. Not for concurrent use.
class Response {
 public:
  explicit Response(std::unique_ptr<Exchange> exchange);
  Response(Response&&) noexcept;
  Response& operator=(Response&&) noexcept;
  ~Response();

  int status() const { return status_; }
  const std::string& reason() const { return reason_; }
  const Headers& headers() const { return headers_; }
  bool ok() const { return status_ >= 200 && status_ < 300; }
  /// Bytes of the body; -1 if the server did not say.
  std::int64_t length() const { return length_; }
  /// Where it came from, after redirects.
  const Url& url() const { return url_; }

  /// Up to into.size() bytes; 0 at the end. A body that is cut off is SEALOS_UNAVAILABLE and
  /// retryable, whatever way the length was said.
  size_t read(std::span<std::byte> into);
  /// The rest; more than `most` bytes is SEALOS_INVALID.
  std::string read_all(size_t most);
  /// What can be read of an error's text, without failing.
  std::string read_some(size_t most) noexcept;
  /// Reads a short rest, so that the connection can be used again, or else closes it.
  void finish() noexcept;
  /// Closes a connection that was lost. As long as what is returned lives, this thread's requests
  /// take its place among those that are allowed, and wait for no other; see Pool::Kept.
  std::shared_ptr<void> keep_place();

 private:
  friend class Exchange;
  friend class Client;
  int status_ = 0;
  std::string reason_;
  Headers headers_;
  std::int64_t length_ = -1;
  Url url_;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace sealos::http
