// The host that plugins are given here: answers what the case has set, and notes what was asked.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sealos/abi.h"

namespace sealos::conformance {

/// Safe for concurrent use, but for `options` and `later`, which are set before it is used.
class TestHost {
 public:
  explicit TestHost(std::map<std::string, std::string> options);
  TestHost(const TestHost&) = delete;
  TestHost& operator=(const TestHost&) = delete;
  ~TestHost();

  const sealos_host* c() const { return &c_.host; }
  /// From now on this is a host of a later minor version, with more members.
  void become_newer();
  void cancel();
  bool cancelled() const { return cancelled_; }

  std::map<std::string, std::string> options;
  std::string username, password;  ///< credentials for every scope; "": none
  std::string temp_dir = "/tmp";

  std::set<std::string> asked() const;
  /// All that was logged and shown as progress.
  std::vector<std::string> said() const;

 private:
  /// As a later header may have it.
  struct Newer {
    sealos_host host;
    void (*later)();
    std::uint64_t more[4];
  };
  static TestHost& of(const sealos_host* self) { return *static_cast<TestHost*>(self->impl); }
  void note(const char* text);
  static sealos_status credentials(const sealos_host* self, const char* scope, sealos_emit emit,
                                   void* to, sealos_error* error);

  Newer c_{};
  std::atomic<bool> cancelled_ = false;
  int cancel_fd_;
  mutable std::mutex mutex_;  // guards what follows
  std::set<std::string> asked_;
  std::vector<std::string> said_;
};

}  // namespace sealos::conformance
