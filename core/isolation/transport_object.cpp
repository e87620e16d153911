#include "core/isolation/transport_object.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <utility>

namespace sealos::isolation {
namespace {

sealos_status parse_reference(const sealos_transport* self, const sealos_host* host,
                              const char* details, sealos_reference** out, sealos_error* error) {
  const auto& transport = *static_cast<const RemoteTransport*>(self);
  PluginProcess& process = transport.process;
  return with_host(process, host, error, [&](std::unique_ptr<HostUse> use) {
    const Writer request = Writer().number(transport.number).number(use->id()).text(details);
    return process.call(Kind::parse_reference, request, error, {},
                        [&](Reader& reader, Message& message) {
                          *out = take_reference(process, reader, message, std::move(use));
                        });
  });
}

sealos_status check_policy_scope(const sealos_transport* self, const char* scope,
                                 sealos_error* error) {
  const auto& transport = *static_cast<const RemoteTransport*>(self);
  return transport.process.call(Kind::check_policy_scope,
                                Writer().number(transport.number).text(scope), error);
}

sealos_status check_login(const RemoteTransport& transport, const sealos_host* host,
                          const char* scope, sealos_error* error) {
  return with_host(transport.process, host, error, [&](const std::unique_ptr<HostUse>& use) {
    const Writer request = Writer().number(transport.number).number(use->id()).text(scope);
    return transport.process.call(Kind::check_login, request, error);
  });
}

sealos_status list_names(const RemoteTransport& transport, const sealos_host* host,
                         sealos_emit emit, void* to, sealos_error* error) {
  return with_host(transport.process, host, error, [&](const std::unique_ptr<HostUse>& use) {
    const Writer request = Writer().number(transport.number).number(use->id());
    return transport.process.call(Kind::list_names, request, error, {.emit = emit, .to = to});
  });
}

// The functions of these two extensions are not told whose they are, so each transport that has
// them takes a slot, for which there are functions of its own.
constexpr size_t kSlots = 64;
std::array<std::atomic<RemoteTransport*>, kSlots> slots;

struct SlotFunctions {
  decltype(sealos_login::check) check;
  decltype(sealos_names::list) list;
};

template <size_t slot>
constexpr SlotFunctions functions_of_slot() {
  return {[](const sealos_host* host, const char* scope, sealos_error* error) {
            return check_login(*slots[slot], host, scope, error);
          },
          [](const sealos_host* host, sealos_emit emit, void* to, sealos_error* error) {
            return list_names(*slots[slot], host, emit, to, error);
          }};
}

constexpr auto kSlotFunctions = []<size_t... slot>(std::index_sequence<slot...>) {
  return std::array<SlotFunctions, kSlots>{functions_of_slot<slot>()...};
}
(std::make_index_sequence<kSlots>());

const void* get_transport_extension(const sealos_transport* self, const char* id) {
  const auto& transport = *static_cast<const RemoteTransport*>(self);
  if (transport.login.check != nullptr && std::strcmp(id, SEALOS_LOGIN) == 0)
    return &transport.login;
  if (transport.names.list != nullptr && std::strcmp(id, SEALOS_NAMES) == 0)
    return &transport.names;
  return nullptr;
}

}  // namespace

RemoteTransport::~RemoteTransport() {
  for (auto& slot : slots) {
    RemoteTransport* self = this;
    slot.compare_exchange_strong(self, nullptr);
  }
}

std::unique_ptr<RemoteTransport> take_transport(PluginProcess& process, Reader& reader,
                                                std::uint64_t number) {
  auto transport = std::make_unique<RemoteTransport>(process);
  transport->number = number;
  transport->struct_size = size_here<sealos_transport>(reader.number());
  transport->flags = static_cast<std::uint32_t>(reader.number());
  transport->name = reader.text();
  transport->option_texts = reader.texts();
  transport->options = c_list(transport->option_texts);
  const std::uint64_t has = reader.number();
  transport->parse_reference = member_if(has, kHasParseReference, &parse_reference);
  transport->check_policy_scope = member_if(has, kHasCheckPolicyScope, &check_policy_scope);
  transport->get_extension = &get_transport_extension;
  return transport;
}

void set_extensions(RemoteTransport& transport, std::uint64_t has) {
  if ((has & (kHasLogin | kHasNames)) == 0) return;
  for (size_t i = 0; i < kSlots; ++i) {
    RemoteTransport* none = nullptr;
    if (!slots[i].compare_exchange_strong(none, &transport)) continue;
    transport.login = {sizeof(sealos_login), 0, member_if(has, kHasLogin, kSlotFunctions[i].check)};
    transport.names = {sizeof(sealos_names), 0, member_if(has, kHasNames, kSlotFunctions[i].list)};
    return;
  }
  throw BadMessage("no more than 64 isolated transports can check logins or list names");
}

}  // namespace sealos::isolation
