#include "core/isolation/objects.hpp"

namespace sealos::isolation {
namespace {

struct RemoteReference : sealos_reference {
  RemoteReference(PluginProcess& process, Message& message)
      : sealos_reference{}, remote(process, message) {}
  RemoteReference(const RemoteReference&) = delete;
  RemoteReference& operator=(const RemoteReference&) = delete;
  ~RemoteReference() { remote.release(Kind::release_reference); }

  Remote remote;
  std::vector<const char*> namespaces;
};

const Remote& of(const sealos_reference* self) {
  return static_cast<const RemoteReference*>(self)->remote;
}

/// take: take_source or take_destination.
template <typename Object, typename Take>
sealos_status open_with(const sealos_reference* self, const sealos_host* host, Kind kind,
                        Object** out, sealos_error* error, Take take) {
  const Remote& reference = of(self);
  PluginProcess& process = reference.process();
  return with_host(process, host, error, [&](std::unique_ptr<HostUse> use) {
    const Writer request = reference.request().number(use->id());
    return process.call(kind, request, error, {}, [&](Reader& reader, Message& message) {
      *out = take(process, reader, message, std::move(use));
    });
  });
}

sealos_status open_source(const sealos_reference* self, const sealos_host* host,
                          sealos_source** out, sealos_error* error) {
  return open_with(self, host, Kind::open_source, out, error, &take_source);
}

sealos_status open_destination(const sealos_reference* self, const sealos_host* host,
                               sealos_destination** out, sealos_error* error) {
  return open_with(self, host, Kind::open_destination, out, error, &take_destination);
}

sealos_status open_preview(const sealos_reference* self, const sealos_host* host,
                           sealos_destination** out, sealos_error* error) {
  return open_with(self, host, Kind::open_preview, out, error, &take_destination);
}

sealos_status list_tags(const sealos_reference* self, const sealos_host* host, sealos_emit emit,
                        void* to, sealos_error* error) {
  const Remote& reference = of(self);
  return with_host(reference.process(), host, error, [&](const std::unique_ptr<HostUse>& use) {
    return reference.call(Kind::list_tags, reference.request().number(use->id()), error,
                          {.emit = emit, .to = to});
  });
}

sealos_status remove(const sealos_reference* self, const sealos_host* host, std::uint32_t flags,
                     sealos_error* error) {
  const Remote& reference = of(self);
  return with_host(reference.process(), host, error, [&](const std::unique_ptr<HostUse>& use) {
    return reference.call(Kind::remove, reference.request().number(use->id()).number(flags), error);
  });
}

}  // namespace

sealos_reference* take_reference(PluginProcess& process, Reader& reader, Message& message,
                                 std::unique_ptr<HostUse> host) {
  const std::uint64_t handle = reader.number();
  if (handle == 0) return nullptr;
  auto object = std::make_unique<RemoteReference>(process, message);
  object->remote.keep(std::move(host));
  object->remote.set_handle(handle);
  object->struct_size = size_here<sealos_reference>(reader.number());
  object->flags = static_cast<std::uint32_t>(reader.number());
  object->impl = object.get();
  object->canonical = reader.text();
  object->docker_name = reader.text();
  object->policy_identity = reader.text();
  object->namespaces = reader.texts();
  object->policy_namespaces = c_list(object->namespaces);
  object->cache_scope = reader.text();
  const std::uint64_t has = reader.number();
  reader.end();
  object->release = [](sealos_reference* self) { delete static_cast<RemoteReference*>(self); };
  object->open_source = member_if(has, kHasOpenSource, &open_source);
  object->open_destination = member_if(has, kHasOpenDestination, &open_destination);
  object->list_tags = member_if(has, kHasListTags, &list_tags);
  object->remove = member_if(has, kHasRemove, &remove);
  object->open_preview = member_if(has, kHasOpenPreview, &open_preview);
  return object.release();
}

}  // namespace sealos::isolation
