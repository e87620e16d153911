// One request and its answer on one connection. Used by Client and Response alone.
#pragma once

#include <memory>
#include <string>

#include "support/http/message.hpp"
#include "support/http/pool.hpp"
#include "support/http/throttle.hpp"
#include "support/http/wire.hpp"

namespace sealos::http {

class Exchange {
 public:
  /// throttle: nullptr for no limit.
  Exchange(Pool::Lease lease, std::shared_ptr<Throttle> throttle, Patience patience)
      : lease_(std::move(lease)), throttle_(std::move(throttle)), patience_(std::move(patience)) {}
  /// The connection goes back to the pool if it can be used again, and is closed otherwise.
  ~Exchange();

  /// Sends all of it, unless the server answers before. for_proxy: Proxy-Authorization, or "".
  void send(const Request& request, const std::string& target, const std::string& for_proxy);
  /// Waits for the answer; `response` then still lacks its exchange.
  void receive(const Request& request, Response& response);

  size_t read(std::span<std::byte> into);
  /// Ends it; see Pool::Kept.
  std::shared_ptr<void> keep_place() { return std::make_shared<Pool::Kept>(std::move(lease_)); }
  bool finished() const { return framing_ == Framing::none; }

 private:
  enum class Framing { none, length, chunked, until_close };

  Wire& wire() { return *lease_.wire; }
  Wire::Sent send_stream(const Request& request);
  Wire::Sent send_file(const Request& request);
  Wire::Sent send_rest_of_file(const Request& request, std::int64_t size);
  void throttle(std::int64_t bytes);
  size_t piece() const;
  Wire::Sent send_piece(std::span<const std::byte> piece);
  std::string read_head();
  void set_framing(const Request& request, Response& response);
  void next_chunk();
  [[noreturn]] void cut_off() const;

  Pool::Lease lease_;
  const std::shared_ptr<Throttle> throttle_;
  const Patience patience_;
  Framing framing_ = Framing::until_close;
  std::int64_t left_ = 0, taken_ = 0;
  bool reusable_ = true, first_chunk_ = true;
};

}  // namespace sealos::http
