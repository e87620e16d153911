#include "support/http/exchange.hpp"

#include <fmt/format.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <vector>

namespace sealos::http {
namespace {

constexpr size_t kPiece = 256 * 1024;
constexpr size_t kMaxHead = 128 * 1024;

Error garbage(const Wire& wire, std::string_view what) {
  return Error(Status::unavailable,
               fmt::format("{} does not answer as HTTP says: {}", wire.name(), printable(what)));
}

/// A piece of a body, with what stands around it on the wire, so that it goes out in one write: the
/// server is not woken for a few bytes, and TLS makes no records of them.
class Piece {
 public:
  Piece(size_t room, bool chunked) : bytes_(kHead + room + kTail.size()), chunked_(chunked) {}

  size_t size() const { return size_; }
  bool is_full() const { return size_ == room(); }
  void clear() { size_ = 0; }

  /// As much as there is room for; less only at the end of the stream.
  void fill_from(Stream& stream) {
    const std::span<std::byte> into = std::span(bytes_).subspan(kHead, room());
    size_ = 0;
    while (size_ < into.size()) {
      const size_t n = stream.read(into.subspan(size_));
      if (n == 0) break;
      size_ += n;
    }
  }

  std::span<const std::byte> framed() {
    if (!chunked_) return std::span(bytes_).subspan(kHead, size_);
    const std::string head = fmt::format("{:x}\r\n", size_);
    std::memcpy(bytes_.data() + kHead - head.size(), head.data(), head.size());
    std::memcpy(bytes_.data() + kHead + size_, kTail.data(), kTail.size());
    return std::span(bytes_).subspan(kHead - head.size(), head.size() + size_ + kTail.size());
  }

 private:
  static constexpr size_t kHead = 16 + 2;  // the digits of a size, and the end of their line
  static constexpr std::string_view kTail = "\r\n";
  size_t room() const { return bytes_.size() - kHead - kTail.size(); }

  std::vector<std::byte> bytes_;
  bool chunked_;
  size_t size_ = 0;
};

void read_exactly(int file, std::span<std::byte> into) {
  while (!into.empty()) {
    const ssize_t n = ::read(file, into.data(), into.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(errno, "reading the blob");
    if (n == 0) throw Error(Status::corrupt, "the blob is shorter than it should be");
    into = into.subspan(static_cast<size_t>(n));
  }
}

std::int64_t parse_length(const Wire& wire, const std::vector<std::string>& values) {
  std::int64_t length = -1;
  for (const std::string& value : values) {
    std::int64_t one = -1;
    const std::string_view text = trimmed(value);
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), one);
    if (problem != std::errc() || end != text.data() + text.size() || one < 0)
      throw garbage(wire, "Content-Length: " + value);
    if (length >= 0 && one != length) throw garbage(wire, "two Content-Lengths that differ");
    length = one;
  }
  return length;
}

}  // namespace

Exchange::~Exchange() {
  if (framing_ == Framing::none && reusable_) lease_.give_back();
}

size_t Exchange::piece() const { return throttle_ ? throttle_->piece() : kPiece; }

void Exchange::throttle(std::int64_t bytes) {
  if (throttle_) throttle_->take(bytes, patience_);
}

void Exchange::send(const Request& request, const std::string& target,
                    const std::string& for_proxy) {
  framing_ = Framing::until_close;  // until the answer says otherwise
  wire().mark();
  Poco::Net::HTTPRequest head(request.method, target, Poco::Net::HTTPMessage::HTTP_1_1);
  head.set("Host", request.url.authority());
  for (const auto& [name, value] : request.headers.fields()) head.add(name, value);
  if (!for_proxy.empty()) head.set("Proxy-Authorization", for_proxy);
  const bool chunked = request.stream != nullptr && request.stream_size < 0;
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  const auto length = request.stream != nullptr ? request.stream_size
                                                : static_cast<std::int64_t>(request.body.size());
  if (chunked) head.set("Transfer-Encoding", "chunked");
  if (!chunked && (may_have_body || length > 0)) head.set("Content-Length", std::to_string(length));
  std::ostringstream text;
  head.write(text);
  if (request.stream == nullptr) {
    text << request.body;
    reusable_ = wire().write(text.str()) == Wire::Sent::all;
    return;
  }
  Wire::Sent sent = wire().write(text.str());
  if (sent == Wire::Sent::all) {
    const bool is_file = !chunked && request.stream->fd() >= 0;
    sent = is_file ? send_file(request) : send_stream(request);
  }
  reusable_ = sent == Wire::Sent::all;
}

Wire::Sent Exchange::send_piece(std::span<const std::byte> piece) {
  throttle(static_cast<std::int64_t>(piece.size()));
  return wire().write(piece);
}

/// One piece is always held back until the stream has given another one or its good end.
Wire::Sent Exchange::send_stream(const Request& request) {
  const bool chunked = request.stream_size < 0;
  Piece held(piece(), chunked), next(piece(), chunked);
  held.fill_from(*request.stream);
  std::int64_t total = 0;
  while (held.size() > 0) {
    next.clear();
    if (held.is_full()) next.fill_from(*request.stream);
    total += static_cast<std::int64_t>(held.size());
    const bool last = next.size() == 0;
    const bool bad_size =
        !chunked && (total > request.stream_size || (last && total != request.stream_size));
    if (bad_size)
      throw Error(Status::corrupt,
                  fmt::format("the blob does not have {} bytes, as was said", request.stream_size));
    if (send_piece(held.framed()) == Wire::Sent::answered) return Wire::Sent::answered;
    if (request.sent) request.sent(total);
    std::swap(held, next);
  }
  if (!chunked && total != request.stream_size)
    throw Error(Status::corrupt, "the blob is empty, and should not be");
  return chunked ? wire().write("0\r\n\r\n") : Wire::Sent::all;
}

/// Takes the bytes through the descriptor; all but the last piece inside the kernel, if it can.
Wire::Sent Exchange::send_file(const Request& request) {
  const std::int64_t tail =
      std::min<std::int64_t>(request.stream_size, static_cast<std::int64_t>(kPiece));
  if (send_rest_of_file(request, request.stream_size - tail) == Wire::Sent::answered)
    return Wire::Sent::answered;
  std::vector<std::byte> last(static_cast<size_t>(tail));
  read_exactly(request.stream->fd(), last);
  if (request.stream_ends) {
    std::byte more[1];
    if (request.stream->read(more) != 0)
      throw Error(Status::corrupt, "the blob is longer than it should be");
  }
  const Wire::Sent sent = send_piece(last);
  if (sent == Wire::Sent::all && request.sent) request.sent(request.stream_size);
  return sent;
}

Wire::Sent Exchange::send_rest_of_file(const Request& request, std::int64_t size) {
  const bool in_kernel = !wire().secure();
  const std::int64_t most = throttle_ || !in_kernel ? static_cast<std::int64_t>(piece()) : 16 << 20;
  std::vector<std::byte> buffer(in_kernel ? 0 : static_cast<size_t>(most));
  for (std::int64_t done = 0; done < size;) {
    const std::int64_t step = std::min(most, size - done);
    if (in_kernel) throttle(step);
    if (!in_kernel)
      read_exactly(request.stream->fd(), std::span(buffer).first(static_cast<size_t>(step)));
    const Wire::Sent sent = in_kernel
                                ? wire().send_file(request.stream->fd(), step)
                                : send_piece(std::span(buffer).first(static_cast<size_t>(step)));
    if (sent == Wire::Sent::answered) return sent;
    done += step;
    if (request.sent) request.sent(done);
  }
  return Wire::Sent::all;
}

std::string Exchange::read_head() {
  std::string head;
  for (;;) {
    const std::string line = wire().read_line(kMaxHead);
    const bool blank = line == "\r\n" || line == "\n";
    if (head.empty() && blank) continue;
    head += line;
    if (head.size() > kMaxHead)
      throw garbage(wire(), fmt::format("headers of more than {} bytes", kMaxHead));
    if (blank) return head;
    if (head.size() == line.size() && !line.starts_with("HTTP/"))
      throw garbage(wire(), trimmed(line));
  }
}

void Exchange::receive(const Request& request, Response& response) {
  for (int interim = 0;; ++interim) {
    const std::string text = read_head();
    std::istringstream head(text);
    Poco::Net::HTTPResponse parsed;
    try {
      parsed.setFieldLimit(1000);
      parsed.read(head);
    } catch (const Poco::Exception& e) {
      throw garbage(wire(), e.displayText());
    }
    // Poco's enum does not have every status that servers send.
    const int status = std::atoi(text.c_str() + std::min(text.find(' '), text.size()));
    if (status >= 100 && status < 200 && status != 101 && interim < 20) continue;
    if (status < 200) throw garbage(wire(), fmt::format("status {}", status));
    response.status_ = status;
    response.reason_ = printable(parsed.getReason());
    response.headers_ = Headers();
    for (const auto& [name, value] : parsed) {
      std::string clean(value);
      std::replace_if(
          clean.begin(), clean.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
      response.headers_.add(name, clean);
    }
    response.url_ = request.url;
    if (parsed.getVersion() != Poco::Net::HTTPMessage::HTTP_1_1) reusable_ = false;
    set_framing(request, response);
    return;
  }
}

void Exchange::set_framing(const Request& request, Response& response) {
  const Headers& headers = response.headers_;
  for (const std::string& value : headers.all("Connection")) {
    if (same_text(trimmed(value), "close")) reusable_ = false;
  }
  response.length_ = parse_length(wire(), headers.all("Content-Length"));
  const bool none = request.method == "HEAD" || response.status_ == 204 || response.status_ == 304;
  const std::vector<std::string> encodings = headers.all("Transfer-Encoding");
  if (none) {
    framing_ = Framing::none;
  } else if (!encodings.empty()) {
    if (encodings.size() != 1 || !same_text(trimmed(encodings[0]), "chunked"))
      throw garbage(wire(), "Transfer-Encoding: " + encodings[0]);
    if (response.length_ >= 0) reusable_ = false;
    response.length_ = -1;
    framing_ = Framing::chunked;
    left_ = 0;
  } else if (response.length_ >= 0) {
    framing_ = response.length_ == 0 ? Framing::none : Framing::length;
    left_ = response.length_;
  } else {
    framing_ = Framing::until_close;
    reusable_ = false;
  }
}

void Exchange::cut_off() const {
  Error error(Status::unavailable, fmt::format("{} closed the connection after {} bytes of a body",
                                               lease_.wire->name(), taken_));
  throw error.set_retryable();
}

void Exchange::next_chunk() {
  if (!first_chunk_) {
    if (!trimmed(wire().read_line(64)).empty()) throw garbage(wire(), "a chunk has no end");
  }
  first_chunk_ = false;
  const std::string line = wire().read_line(4096);
  const std::string_view size = trimmed(std::string_view(line).substr(0, line.find(';')));
  const auto [end, problem] = std::from_chars(size.data(), size.data() + size.size(), left_, 16);
  if (problem != std::errc() || end != size.data() + size.size() || left_ < 0)
    throw garbage(wire(), "chunk size " + line);
  if (left_ > 0) return;
  size_t trailer = 0;
  for (std::string more; !trimmed(more = wire().read_line(kMaxHead)).empty();) {
    trailer += more.size();
    if (trailer > kMaxHead) throw garbage(wire(), "an endless trailer");
  }
  framing_ = Framing::none;
}

size_t Exchange::read(std::span<std::byte> into) {
  if (framing_ == Framing::chunked && left_ == 0) next_chunk();
  if (framing_ == Framing::none || into.empty()) return 0;
  if (framing_ != Framing::until_close && left_ < static_cast<std::int64_t>(into.size()))
    into = into.first(static_cast<size_t>(left_));
  if (throttle_ && into.size() > piece()) into = into.first(piece());
  const size_t n = wire().read(into);
  throttle(static_cast<std::int64_t>(n));
  if (framing_ == Framing::until_close) {
    if (n == 0) framing_ = Framing::none;
    return n;
  }
  if (n == 0) cut_off();
  left_ -= static_cast<std::int64_t>(n);
  taken_ += static_cast<std::int64_t>(n);
  if (framing_ == Framing::length && left_ == 0) framing_ = Framing::none;
  return n;
}

}  // namespace sealos::http
