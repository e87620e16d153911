// Connections that are kept for the next request.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/http/wire.hpp"

namespace sealos::http {

/// Idle connections by origin, and how many are in use. Safe for concurrent use.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  /// most: connections to one origin at a time; 0: any number.
  explicit Pool(unsigned most) : most_(most) {}

  /// The right to one connection. It ends with the object.
  struct Lease {
    std::shared_ptr<Pool> pool;
    std::string origin;
    std::unique_ptr<Wire> wire;  ///< nullptr: none was idle, make one
    bool used_before = false;

    Lease() = default;
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    /// Keeps the connection for others.
    void give_back();
  };

  /// Waits until the origin has a connection free. Dead idle ones are dropped. brief: the request
  /// is answered quickly, so that one in use is waited for rather than making another one, for as
  /// long as making one took, and 10 ms at most.
  Lease take(const std::string& origin, const Patience& patience, bool brief = false);
  /// How long it took to make a connection to the origin.
  void note_cost(const std::string& origin, std::chrono::milliseconds cost);

 private:
  void end(Lease& lease, bool keep);

  const unsigned most_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::map<std::string, std::vector<std::unique_ptr<Wire>>> idle_;
  std::map<std::string, unsigned> used_;
  std::map<std::string, std::chrono::milliseconds> costs_;
};

}  // namespace sealos::http
