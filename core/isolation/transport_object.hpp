// The transports of an isolated plugin, as the engine has them.
#pragma once

#include <memory>
#include <vector>

#include "core/isolation/objects.hpp"
#include "sealos/abi.h"
#include "sealos/ext/draft/names.h"
#include "sealos/ext/login.h"

namespace sealos::isolation {

struct RemoteTransport : sealos_transport {
  explicit RemoteTransport(PluginProcess& process) : sealos_transport{}, process(process) {}
  RemoteTransport(const RemoteTransport&) = delete;
  RemoteTransport& operator=(const RemoteTransport&) = delete;
  ~RemoteTransport();

  PluginProcess& process;
  std::uint64_t number = 0;  // among those of its plugin
  std::vector<const char*> option_texts;
  sealos_login login{};
  sealos_names names{};
};

/// Takes one from what was said of it; throws BadMessage. Texts stay where the reader has them.
std::unique_ptr<RemoteTransport> take_transport(PluginProcess& process, Reader& reader,
                                                std::uint64_t number);
/// Which of kHasLogin and kHasNames it has is known when its plugin has started.
void set_extensions(RemoteTransport& transport, std::uint64_t has);

}  // namespace sealos::isolation
