#include <cstring>

#include "core/isolation/objects.hpp"
#include "sealos/ext/referrers.h"

namespace sealos::isolation {
namespace {

struct RemoteSource : sealos_source {
  RemoteSource(PluginProcess& process, Message& message)
      : sealos_source{}, remote(process, message) {}
  RemoteSource(const RemoteSource&) = delete;
  RemoteSource& operator=(const RemoteSource&) = delete;
  ~RemoteSource() { remote.release(Kind::release_source); }

  Remote remote;
  sealos_source_referrers referrers{};
};

const Remote& of(const sealos_source* self) {
  return static_cast<const RemoteSource*>(self)->remote;
}

sealos_status read_manifest(sealos_source* self, const char* instance, sealos_emit emit, void* to,
                            sealos_error* error) {
  return of(self).call(Kind::read_manifest, of(self).request().text(instance), error,
                       {.emit = emit, .to = to});
}

sealos_status open_blob(sealos_source* self, const sealos_blob* blob, std::int64_t offset,
                        std::int64_t length, sealos_stream** out, sealos_error* error) {
  const Writer request = of(self).request().blob(*blob).number(offset).number(length);
  return of(self).call(Kind::open_blob, request, error, {}, [&](Reader& reader, Message& message) {
    *out = take_stream(of(self).process(), reader, message);
  });
}

sealos_status read_signatures(sealos_source* self, const char* instance, sealos_emit emit, void* to,
                              sealos_error* error) {
  return of(self).call(Kind::read_signatures, of(self).request().text(instance), error,
                       {.emit = emit, .to = to});
}

sealos_status layer_infos(sealos_source* self, const char* instance, sealos_emit_blob emit,
                          void* to, sealos_error* error) {
  return of(self).call(Kind::layer_infos, of(self).request().text(instance), error,
                       {.emit_blob = emit, .to = to});
}

sealos_status list_source_referrers(sealos_source* self, const char* subject,
                                    const char* artifact_type, sealos_emit emit, void* to,
                                    sealos_error* error) {
  return of(self).call(Kind::list_source_referrers,
                       of(self).request().text(subject).text(artifact_type), error,
                       {.emit = emit, .to = to});
}

sealos_status list_source_attached(sealos_source* self, const char* subject, sealos_emit emit,
                                   void* to, sealos_error* error) {
  return of(self).call(Kind::list_source_attached, of(self).request().text(subject), error,
                       {.emit = emit, .to = to});
}

const void* get_extension(sealos_source* self, const char* id) {
  const auto& object = *static_cast<const RemoteSource*>(self);
  const bool known = object.referrers.list != nullptr && std::strcmp(id, SEALOS_REFERRERS) == 0;
  return known ? &object.referrers : nullptr;
}

}  // namespace

sealos_source* take_source(PluginProcess& process, Reader& reader, Message& message,
                           std::unique_ptr<HostUse> host) {
  const std::uint64_t handle = reader.number();
  if (handle == 0) return nullptr;
  auto object = std::make_unique<RemoteSource>(process, message);
  object->remote.keep(std::move(host));
  object->remote.set_handle(handle);
  object->struct_size = size_here<sealos_source>(reader.number());
  object->flags = static_cast<std::uint32_t>(reader.number());
  object->impl = object.get();
  const std::uint64_t has = reader.number();
  reader.end();
  object->release = [](sealos_source* self) { delete static_cast<RemoteSource*>(self); };
  object->read_manifest = member_if(has, kHasReadManifest, &read_manifest);
  object->open_blob = member_if(has, kHasOpenBlob, &open_blob);
  object->read_signatures = member_if(has, kHasReadSignatures, &read_signatures);
  object->layer_infos = member_if(has, kHasLayerInfos, &layer_infos);
  object->referrers = {sizeof(sealos_source_referrers), 0,
                       member_if(has, kHasSourceReferrers, &list_source_referrers),
                       member_if(has, kHasSourceAttached, &list_source_attached)};
  object->get_extension = &get_extension;
  return object.release();
}

}  // namespace sealos::isolation
