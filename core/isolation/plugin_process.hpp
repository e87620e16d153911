// The engine's end of an isolated plugin: calls of its functions, and its end.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/isolation/child_process.hpp"
#include "core/isolation/connection.hpp"
#include "core/isolation/host_table.hpp"
#include "sealos/abi.h"

namespace sealos::isolation {

/// What is given to a call, for the plugin to use while it runs.
struct Lent {
  sealos_emit emit = nullptr;
  sealos_emit_blob emit_blob = nullptr;
  void* to = nullptr;
  sealos_stream* stream = nullptr;
};

/// Safe for concurrent use. Whatever its process does, a call returns a status and an error that
/// names the plugin, or throws the exception that the plugin's function threw.
class PluginProcess {
 public:
  struct Settings {
    std::string name, library;
    std::string program;           ///< that opens the library in the process
    std::vector<int> descriptors;  ///< see ChildProcess
  };
  /// What is done with an answer that is SEALOS_OK. Throws BadMessage.
  using Then = std::function<void(Reader&, Message&)>;

  explicit PluginProcess(Settings settings);
  PluginProcess(const PluginProcess&) = delete;
  PluginProcess& operator=(const PluginProcess&) = delete;
  ~PluginProcess();

  const Settings& settings() const { return settings_; }
  HostTable& hosts() { return hosts_; }

  /// request_fd goes along with the request.
  sealos_status call(Kind kind, const Writer& request, sealos_error* error, const Lent& lent = {},
                     const Then& then = nullptr, int request_fd = -1);
  /// For what returns nothing. If that is what shows that the process is gone, it is logged with
  /// the host of start.
  void tell(Kind kind, std::uint64_t handle) noexcept;
  void log_with(const sealos_host& host) { log_host_ = &host; }

  /// A connection for the calls that read one stream. Both throw as call does not: ConnectionEnded
  /// and BadMessage, for `report`.
  std::unique_ptr<Connection> take();
  Message exchange(Connection& connection, Kind kind, const Writer& request, int fd,
                   const Lent& lent);
  void give_back(std::unique_ptr<Connection> connection);
  /// What to make of those; a BadMessage ends the process.
  sealos_status report(sealos_error* error);

 private:
  void introduce(std::uint64_t id, const sealos_host& host);
  void serve();
  std::string what_happened();
  void answer(Connection& connection, const Message& question, const Lent& lent);

  const Settings settings_;
  HostTable hosts_;
  std::atomic<const sealos_host*> log_host_ = nullptr;
  std::atomic<bool> reported_ = false;  // somebody knows that it is gone
  std::mutex mutex_;                    // guards the next three
  std::unique_ptr<Connection> first_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::string broken_;  // what it sent, if it was nonsense
  std::unique_ptr<Connection> services_;
  std::unique_ptr<ChildProcess> child_;
  std::thread serving_;
};

/// The exception that left a function of the plugin, if it was a std::exception.
class Thrown : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// Throws it, whatever it was, from an answer that is Kind::threw.
[[noreturn]] void rethrow(const Message& answer);

}  // namespace sealos::isolation
