// Connections that are kept for the next request, and how many there may be.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/http/wire.hpp"

namespace sealos::http {

/// Idle connections of each client by origin, and a count of all open ones. Clients that share a
/// pool keep its limits together. Safe for concurrent use.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  /// Open connections, idle ones among them; 0: any number.
  struct Limits {
    unsigned to_host = 0, in_all = 0;
  };
  /// What a client is for. Readers keep connections with answers half read until writers have taken
  /// what came so far, so where there are writers a limit always leaves these one connection.
  enum class Side { neither, reader, writer };

  explicit Pool(Limits limits) : limits_(limits) {}

  /// One more client; host: where it reads or writes. Throws SEALOS_INVALID where the limits are
  /// too low for one that reads and one that writes.
  unsigned join(Side side, const std::string& host);
  /// Its idle connections are closed.
  void leave(unsigned client);

  /// The right to one connection. It ends with the object.
  struct Lease {
    std::shared_ptr<Pool> pool;
    unsigned client = 0;
    Side side = Side::neither;
    std::string origin;
    std::unique_ptr<Wire> wire;  ///< nullptr: none was idle, make one
    bool used_before = false;
    bool kept_host = false, kept_all = false;  ///< taken from a Kept

    Lease() = default;
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    /// Keeps the connection for others.
    void give_back();
  };

  /// The right that is left of a lease whose connection was lost. As long as it lives, requests of
  /// the thread that made it use it, and so wait for nobody who may be waiting for this thread.
  class Kept {
   public:
    explicit Kept(Lease lease);
    ~Kept();
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

   private:
    friend class Pool;
    const std::shared_ptr<Pool> pool_;
    const Side side_;
    const std::string host_;
    Kept* const before_;
    bool host_free_ = true, all_free_ = true;
  };

  /// Waits until the limits leave a connection. Dead idle ones are dropped. brief: the request is
  /// answered quickly, so that one in use is waited for rather than making another one, for as long
  /// as making one took, and 10 ms at most.
  Lease take(unsigned client, const std::string& origin, const Patience& patience,
             bool brief = false);
  /// How long it took to make a connection to the origin.
  void note_cost(unsigned client, const std::string& origin, std::chrono::milliseconds cost);

 private:
  struct Client {
    Side side = Side::neither;
    std::string host;
  };
  struct Count {
    unsigned used = 0, by_readers = 0, writers = 0, readers = 0;
  };
  struct Origin {
    std::vector<std::unique_ptr<Wire>> idle;
    unsigned used = 0;
    std::chrono::milliseconds cost{0};
  };
  using Key = std::pair<unsigned, std::string>;

  static thread_local Kept* kept_;

  bool has_room(unsigned limit, const Count& count, Side side) const;
  static void add(Count& count, Side side, int number);
  void make_room(const std::string& host);
  bool close_one_idle(const std::string* host);
  unsigned idle_of(const std::string* host) const;
  void end(Lease& lease, bool keep);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  unsigned last_client_ = 0;
  std::map<unsigned, Client> clients_;
  std::map<Key, Origin> origins_;
  std::map<std::string, Count> hosts_;
  Count all_;
};

}  // namespace sealos::http
