#include <cstring>

#include "core/isolation/objects.hpp"
#include "sealos/ext/draft/signature_check.h"
#include "sealos/ext/referrers.h"

namespace sealos::isolation {
namespace {

struct RemoteDestination : sealos_destination {
  RemoteDestination(PluginProcess& process, Message& message)
      : sealos_destination{}, remote(process, message) {}
  RemoteDestination(const RemoteDestination&) = delete;
  RemoteDestination& operator=(const RemoteDestination&) = delete;
  ~RemoteDestination() { remote.release(Kind::release_destination); }

  Remote remote;
  std::vector<const char*> types, compressions, formats;
  sealos_signature_check signature_check{};
  sealos_destination_referrers referrers{};
};

const Remote& of(const sealos_destination* self) {
  return static_cast<const RemoteDestination*>(self)->remote;
}

sealos_status put_blob(sealos_destination* self, const sealos_blob* blob, sealos_stream* from,
                       sealos_emit_blob emit, void* to, sealos_error* error) {
  const Writer request =
      of(self).request().blob(*blob).number(from->size).number(std::uint64_t{from->fd >= 0});
  return of(self).process().call(Kind::put_blob, request, error,
                                 {.emit_blob = emit, .to = to, .stream = from}, nullptr, from->fd);
}

sealos_status try_reuse(sealos_destination* self, const sealos_reuse* want, sealos_emit_blob emit,
                        void* to, sealos_error* error) {
  Writer request = of(self).request();
  request.number(want->flags).text(want->compression).blob(*want->blob);
  std::uint64_t count = 0;
  while (want->candidates != nullptr && want->candidates[count] != nullptr) ++count;
  request.number(count);
  for (std::uint64_t i = 0; i < count; ++i) request.blob(*want->candidates[i]);
  return of(self).call(Kind::try_reuse, request, error, {.emit_blob = emit, .to = to});
}

sealos_status put_manifest(sealos_destination* self, const char* instance,
                           const sealos_item* manifest, sealos_error* error) {
  return of(self).call(Kind::put_manifest, of(self).request().text(instance).item(*manifest),
                       error);
}

sealos_status put_signatures(sealos_destination* self, const char* instance,
                             const sealos_item* items, size_t count, sealos_error* error) {
  Writer request = of(self).request();
  request.text(instance).number(std::uint64_t{count});
  for (size_t i = 0; i < count; ++i) request.item(items[i]);
  return of(self).call(Kind::put_signatures, request, error);
}

sealos_status commit(sealos_destination* self, const sealos_item* top, sealos_emit emit, void* to,
                     sealos_error* error) {
  return of(self).call(Kind::commit, of(self).request().item(*top), error,
                       {.emit = emit, .to = to});
}

sealos_status abort(sealos_destination* self, sealos_error* error) {
  return of(self).call(Kind::abort, of(self).request(), error);
}

sealos_status check_signatures(sealos_destination* self, const char* format, sealos_error* error) {
  return of(self).call(Kind::check_signatures, of(self).request().text(format), error);
}

sealos_status put_referrer(sealos_destination* self, const sealos_item* manifest,
                           sealos_error* error) {
  return of(self).call(Kind::put_referrer, of(self).request().item(*manifest), error);
}

sealos_status list_destination_referrers(sealos_destination* self, const char* subject,
                                         const char* artifact_type, sealos_emit emit, void* to,
                                         sealos_error* error) {
  return of(self).call(Kind::list_destination_referrers,
                       of(self).request().text(subject).text(artifact_type), error,
                       {.emit = emit, .to = to});
}

sealos_status put_attached(sealos_destination* self, const char* subject, const char* kind,
                           const sealos_item* manifest, sealos_error* error) {
  return of(self).call(Kind::put_attached,
                       of(self).request().text(subject).text(kind).item(*manifest), error);
}

const void* get_extension(sealos_destination* self, const char* id) {
  const auto& object = *static_cast<const RemoteDestination*>(self);
  if (object.signature_check.check != nullptr && std::strcmp(id, SEALOS_SIGNATURE_CHECK) == 0)
    return &object.signature_check;
  if (object.referrers.put != nullptr && std::strcmp(id, SEALOS_REFERRERS) == 0)
    return &object.referrers;
  return nullptr;
}

void set_members(RemoteDestination& object, std::uint64_t has) {
  object.release = [](sealos_destination* self) { delete static_cast<RemoteDestination*>(self); };
  object.put_blob = member_if(has, kHasPutBlob, &put_blob);
  object.try_reuse = member_if(has, kHasTryReuse, &try_reuse);
  object.put_manifest = member_if(has, kHasPutManifest, &put_manifest);
  object.put_signatures = member_if(has, kHasPutSignatures, &put_signatures);
  object.commit = member_if(has, kHasCommit, &commit);
  object.abort = member_if(has, kHasAbort, &abort);
  object.signature_check = {sizeof(sealos_signature_check), 0,
                            member_if(has, kHasCheckSignatures, &check_signatures)};
  object.referrers = {sizeof(sealos_destination_referrers), 0,
                      member_if(has, kHasPutReferrer, &put_referrer),
                      member_if(has, kHasListReferrers, &list_destination_referrers),
                      member_if(has, kHasPutAttached, &put_attached)};
  object.get_extension = &get_extension;
}

}  // namespace

sealos_destination* take_destination(PluginProcess& process, Reader& reader, Message& message,
                                     std::unique_ptr<HostUse> host) {
  const std::uint64_t handle = reader.number();
  if (handle == 0) return nullptr;
  auto object = std::make_unique<RemoteDestination>(process, message);
  object->remote.keep(std::move(host));
  object->remote.set_handle(handle);
  object->struct_size = size_here<sealos_destination>(reader.number());
  object->flags = static_cast<std::uint32_t>(reader.number());
  object->compression = reader.signed_number();
  object->impl = object.get();
  object->types = reader.texts();
  object->compressions = reader.texts();
  object->formats = reader.texts();
  object->manifest_types = c_list(object->types);
  object->layer_compressions = c_list(object->compressions);
  object->signature_formats = c_list(object->formats);
  set_members(*object, reader.number());
  reader.end();
  return object.release();
}

}  // namespace sealos::isolation
