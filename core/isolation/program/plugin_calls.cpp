// The library itself, and its transports.
#include <dlfcn.h>

#include "core/isolation/program/call.hpp"
#include "sealos/ext/draft/names.h"
#include "sealos/ext/login.h"

namespace sealos::isolation {
namespace {

const sealos_plugin* open_library(const std::string& name, const std::string& library) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = ::dlerror();
    throw Error(Status::internal, "plugin " + name + " cannot be loaded: " +
                                      printable(why == nullptr ? "" : why, 500));
  }
  const void* entry = ::dlsym(handle, "sealos_plugin_v1");
  if (entry == nullptr)
    throw Error(Status::unsupported,
                library + " is not a plugin for ABI 1: it has no symbol sealos_plugin_v1");
  return static_cast<const sealos_plugin*>(entry);
}

void describe_transport(Writer& answer, const sealos_transport* object) {
  const bool options = SEALOS_HAS(object, sealos_transport, options);
  std::uint64_t has = 0;
  if (SEALOS_HAS(object, sealos_transport, parse_reference)) has |= kHasParseReference;
  if (SEALOS_HAS(object, sealos_transport, check_policy_scope)) has |= kHasCheckPolicyScope;
  answer.number(object->struct_size).number(object->flags);
  answer.text(SEALOS_HAS(object, sealos_transport, name) ? object->name : nullptr);
  answer.texts(options ? object->options : nullptr).number(has);
}

void describe_plugin(Writer& answer, const sealos_plugin* plugin) {
  const bool transports = SEALOS_HAS(plugin, sealos_plugin, transports);
  answer.number(plugin->struct_size);
  answer.number(SEALOS_HAS(plugin, sealos_plugin, abi_minor) ? plugin->abi_minor : 0);
  answer.text(SEALOS_HAS(plugin, sealos_plugin, name) ? plugin->name : nullptr);
  answer.text(SEALOS_HAS(plugin, sealos_plugin, version) ? plugin->version : nullptr);
  answer.number(std::uint64_t{transports});
  std::uint64_t count = 0;
  while (transports && plugin->transports[count] != nullptr) ++count;
  answer.number(count);
  for (std::uint64_t i = 0; i < count; ++i) describe_transport(answer, plugin->transports[i]);
}

sealos_status load(Call& call) {
  const std::string name = call.reader.needed_text();
  return sdk::guard(call.error.out(), [&] {
    call.program.plugin = open_library(name, call.program.library);
    describe_plugin(call.answer, call.program.plugin);
  });
}

template <typename Extension>
const Extension* extension_of(const sealos_transport* transport, const char* id) {
  if (!SEALOS_HAS(transport, sealos_transport, get_extension)) return nullptr;
  return static_cast<const Extension*>(transport->get_extension(transport, id));
}

const sealos_login* login_of(const sealos_transport* transport) {
  const auto* found = extension_of<sealos_login>(transport, SEALOS_LOGIN);
  return found != nullptr && SEALOS_HAS(found, sealos_login, check) ? found : nullptr;
}

const sealos_names* names_of(const sealos_transport* transport) {
  const auto* found = extension_of<sealos_names>(transport, SEALOS_NAMES);
  return found != nullptr && SEALOS_HAS(found, sealos_names, list) ? found : nullptr;
}

sealos_status start(Call& call) {
  const sealos_plugin& plugin = *call.program.plugin;
  if (plugin.start != nullptr) {
    const sealos_status status = plugin.start(call.host(), call.error.out());
    if (status != SEALOS_OK) return status;
  }
  for (const sealos_transport* const* at = plugin.transports; *at != nullptr; ++at) {
    std::uint64_t has = 0;
    if (login_of(*at) != nullptr) has |= kHasLogin;
    if (names_of(*at) != nullptr) has |= kHasNames;
    call.answer.number(has);
  }
  return SEALOS_OK;
}

sealos_status know_host(Call& call) {
  call.program.hosts.add(std::make_unique<RemoteHost>(call.reader, std::move(call.request.fd)));
  return SEALOS_OK;
}

sealos_status forget_host(Call& call) {
  call.program.hosts.remove(call.reader.number());
  return SEALOS_OK;
}

const sealos_transport* transport_of(Call& call) {
  return call.program.plugin->transports[call.reader.number()];
}

void describe_reference(Writer& answer, sealos_reference* object) {
  answer.number(number_of(object));
  if (object == nullptr) return;
  const auto text = [&](bool there, const char* value) { answer.text(there ? value : nullptr); };
  const bool namespaces = SEALOS_HAS(object, sealos_reference, policy_namespaces);
  std::uint64_t has = 0;
  if (SEALOS_HAS(object, sealos_reference, open_source)) has |= kHasOpenSource;
  if (SEALOS_HAS(object, sealos_reference, open_destination)) has |= kHasOpenDestination;
  if (SEALOS_HAS(object, sealos_reference, list_tags)) has |= kHasListTags;
  if (SEALOS_HAS(object, sealos_reference, remove)) has |= kHasRemove;
  if (SEALOS_HAS(object, sealos_reference, open_preview)) has |= kHasOpenPreview;
  answer.number(object->struct_size).number(object->flags);
  text(SEALOS_HAS(object, sealos_reference, canonical), object->canonical);
  text(SEALOS_HAS(object, sealos_reference, docker_name), object->docker_name);
  text(SEALOS_HAS(object, sealos_reference, policy_identity), object->policy_identity);
  answer.texts(namespaces ? object->policy_namespaces : nullptr);
  text(SEALOS_HAS(object, sealos_reference, cache_scope), object->cache_scope);
  answer.number(has);
}

sealos_status parse_reference(Call& call) {
  const sealos_transport* transport = transport_of(call);
  const sealos_host* host = call.host();
  sealos_reference* out = nullptr;
  const sealos_status status =
      transport->parse_reference(transport, host, call.reader.text(), &out, call.error.out());
  if (status == SEALOS_OK) describe_reference(call.answer, out);
  return status;
}

sealos_status check_policy_scope(Call& call) {
  const sealos_transport* transport = transport_of(call);
  return transport->check_policy_scope(transport, call.reader.text(), call.error.out());
}

sealos_status check_login(Call& call) {
  const sealos_login* login = login_of(transport_of(call));
  const sealos_host* host = call.host();
  return login->check(host, call.reader.text(), call.error.out());
}

sealos_status list_names(Call& call) {
  const sealos_names* names = names_of(transport_of(call));
  return names->list(call.host(), &send_item, &call.line, call.error.out());
}

}  // namespace

Function plugin_function(Kind kind) {
  switch (kind) {
    case Kind::load:
      return &load;
    case Kind::start:
      return &start;
    case Kind::know_host:
      return &know_host;
    case Kind::forget_host:
      return &forget_host;
    case Kind::parse_reference:
      return &parse_reference;
    case Kind::check_policy_scope:
      return &check_policy_scope;
    case Kind::check_login:
      return &check_login;
    case Kind::list_names:
      return &list_names;
    default:
      return nullptr;
  }
}

}  // namespace sealos::isolation
