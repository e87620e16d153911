// The plugin's objects, as the engine has them: C objects of sealos/abi.h whose functions are calls
// to the plugin's process. What one of them lacks there is NULL here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/isolation/plugin_process.hpp"
#include "sealos/abi.h"

namespace sealos::isolation {

/// What each of them is made of: the number that its process gave it, what it said of itself, and
/// the host that it was opened with.
class Remote {
 public:
  Remote(PluginProcess& process, Message& message) : process_(process), said_(std::move(message)) {}

  PluginProcess& process() const { return process_; }
  void set_handle(std::uint64_t handle) { handle_ = handle; }
  void keep(std::unique_ptr<HostUse> host) { host_ = std::move(host); }
  /// A request that begins with this object.
  Writer request() const { return Writer().number(handle_); }
  sealos_status call(Kind kind, const Writer& request, sealos_error* error, const Lent& lent = {},
                     const PluginProcess::Then& then = nullptr) const {
    return process_.call(kind, request, error, lent, then);
  }
  void release(Kind kind) const noexcept { process_.tell(kind, handle_); }

 private:
  PluginProcess& process_;
  Message said_;  // texts of the object point into it
  std::uint64_t handle_ = 0;
  std::unique_ptr<HostUse> host_;
};

/// Each takes an object from what was said of it; NULL where the plugin gave none. They throw
/// BadMessage.
sealos_reference* take_reference(PluginProcess& process, Reader& reader, Message& message,
                                 std::unique_ptr<HostUse> host);
sealos_source* take_source(PluginProcess& process, Reader& reader, Message& message,
                           std::unique_ptr<HostUse> host);
sealos_destination* take_destination(PluginProcess& process, Reader& reader, Message& message,
                                     std::unique_ptr<HostUse> host);
sealos_stream* take_stream(PluginProcess& process, Reader& reader, Message& message);

/// The host as an argument. Where the process is gone, body is not run, and that is what is
/// returned.
template <typename Body>
sealos_status with_host(PluginProcess& process, const sealos_host* host, sealos_error* error,
                        Body&& body) {
  std::unique_ptr<HostUse> use;
  try {
    use = std::make_unique<HostUse>(process.hosts(), *host);
  } catch (const std::exception&) {
    return process.report(error);
  }
  return body(std::move(use));
}

/// The object is as long as it says, as far as this side knows its members.
template <typename Object>
std::uint32_t size_here(std::uint64_t size_there) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(size_there, sizeof(Object)));
}

/// A member that is there only if the object has it.
template <typename Function>
Function member_if(std::uint64_t has, std::uint64_t member, Function function) {
  return (has & member) != 0 ? function : nullptr;
}

}  // namespace sealos::isolation
