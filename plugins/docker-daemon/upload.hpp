// A request body that is written in pieces, by calls, while the request is on its way.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>

#include "daemon_client.hpp"
#include "load_answer.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos::docker_daemon {

/// One load. Its thread sends; the writer lends it one piece at a time. Not for concurrent writers.
class Upload final : public TarSink {
 public:
  /// Connects with the first write. The client must outlive this.
  explicit Upload(DaemonClient& client) : client_(client) {}
  ~Upload() override { give_up(); }

  /// Returns once the bytes are on their way. Throws what the daemon or the network said.
  void write(std::span<const std::byte> bytes) override;
  /// Ends it so that the daemon does not take it for whole. Nothing can be written afterwards.
  void give_up();
  /// The end of the body; waits for the daemon to have loaded it. Returns what it loaded.
  std::vector<std::string> finish();

 private:
  class Body;
  void run();
  bool hand_over(std::span<const std::byte> bytes, bool last);

  DaemonClient& client_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::span<const std::byte> piece_;  // what is still to be sent of the writer's piece
  bool last_ = false, given_up_ = false, over_ = false;
  std::exception_ptr error_;
  LoadAnswer answer_;
};

}  // namespace sealos::docker_daemon
