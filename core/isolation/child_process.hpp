// The process of an isolated plugin, seen from the engine: how it begins and how it ends.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/file/file.hpp"

namespace sealos::isolation {

/// Safe for concurrent use. Its destructor waits a moment for the end, then kills, and reaps.
class ChildProcess {
 public:
  /// Starts a program. Its arguments are the library, which is for those who look at processes,
  /// too, and the numbers of two sockets and of `descriptors`: those of this process, of 0, 1 and
  /// others, that it has besides; otherwise stdin is /dev/null, and what is written to stdout goes
  /// to stderr.
  ChildProcess(const std::string& program, const std::string& library, const Fd& first,
               const Fd& services, const std::vector<int>& descriptors);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  void kill() noexcept;
  /// "crashed in its own process (SIGSEGV)", as soon as that is known; to be called when the
  /// process has closed a connection. One that lives on is killed.
  std::string how_it_ended();

 private:
  bool wait(int milliseconds) noexcept;

  std::mutex mutex_;
  pid_t pid_ = -1;  // -1: reaped
  Fd fd_;
  std::optional<int> status_;
  bool silent_ = false;  // it had to be killed
};

}  // namespace sealos::isolation
