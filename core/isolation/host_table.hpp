// The hosts that the process of an isolated plugin knows, and what it asks of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "core/isolation/connection.hpp"
#include "sealos/abi.h"

namespace sealos::isolation {

/// Safe for concurrent use. A host is known by a number as long as something has it: a call that it
/// is an argument of, or an object that was opened with it.
class HostTable {
 public:
  /// introduce: tells the process of a host that it does not know yet; forget: that it may forget
  /// it.
  HostTable(std::function<void(std::uint64_t id, const sealos_host& host)> introduce,
            std::function<void(std::uint64_t id)> forget)
      : introduce_(std::move(introduce)), forget_(std::move(forget)) {}
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  /// The number; throws what introduce throws.
  std::uint64_t add(const sealos_host& host);
  /// When the last one lets go, it waits until nothing that was asked of the host is still running.
  void drop(std::uint64_t id) noexcept;
  /// Answers what is asked of a host. Throws BadMessage for what is no such question.
  void answer(Connection& connection, const Message& question);

 private:
  struct Known {
    const sealos_host* host = nullptr;
    int users = 0, questions = 0;
  };
  class Question;

  const std::function<void(std::uint64_t, const sealos_host&)> introduce_;
  const std::function<void(std::uint64_t)> forget_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable answered_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Known> known_;
};

/// Has a host for as long as it lives.
class HostUse {
 public:
  HostUse(HostTable& table, const sealos_host& host) : table_(table), id_(table.add(host)) {}
  HostUse(const HostUse&) = delete;
  HostUse& operator=(const HostUse&) = delete;
  ~HostUse() { table_.drop(id_); }
  std::uint64_t id() const { return id_; }

 private:
  HostTable& table_;
  const std::uint64_t id_;
};

}  // namespace sealos::isolation
