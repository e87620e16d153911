// Sources, and the streams that come from them.
#include "core/isolation/program/call.hpp"
#include "core/isolation/transfer.hpp"
#include "sealos/ext/referrers.h"

namespace sealos::isolation {
namespace {

const sealos_source_referrers* referrers_of(sealos_source* source) {
  if (!SEALOS_HAS(source, sealos_source, get_extension)) return nullptr;
  return static_cast<const sealos_source_referrers*>(
      source->get_extension(source, SEALOS_REFERRERS));
}

sealos_status read_manifest(Call& call) {
  auto* source = call.object<sealos_source>();
  return source->read_manifest(source, call.reader.text(), &send_item, &call.line,
                               call.error.out());
}

void describe_stream(Call& call, sealos_stream* stream) {
  call.answer.number(number_of(stream));
  if (stream == nullptr) return;
  const bool file = stream->struct_size >= SEALOS_SIZE_WITH(sealos_stream, fd) && stream->fd >= 0;
  if (file) call.fd = stream->fd;
  call.answer.number(stream->struct_size);
  call.answer.number(stream->struct_size >= SEALOS_SIZE_WITH(sealos_stream, size)
                         ? stream->size
                         : std::int64_t{-1});
  call.answer.number(std::uint64_t{file});
  call.answer.number(std::uint64_t{SEALOS_HAS(stream, sealos_stream, read) ? 1u : 0u});
}

sealos_status open_blob(Call& call) {
  auto* source = call.object<sealos_source>();
  const ReadBlob blob = call.reader.blob();
  const std::int64_t offset = call.reader.signed_number(), length = call.reader.signed_number();
  sealos_stream* out = nullptr;
  const sealos_status status =
      source->open_blob(source, &blob.c, offset, length, &out, call.error.out());
  if (status == SEALOS_OK) describe_stream(call, out);
  return status;
}

sealos_status read_stream(Call& call) {
  auto* stream = call.object<sealos_stream>();
  const std::uint64_t wanted = call.reader.number();
  if (call.request.fd) call.line.area().take(std::move(call.request.fd));
  call.answer = fill_area(call.line.area().bytes(), wanted, *stream);
  return SEALOS_OK;
}

sealos_status release_stream(Call& call) noexcept {
  auto* stream = call.object<sealos_stream>();
  if (SEALOS_HAS(stream, sealos_stream, release)) stream->release(stream);
  return SEALOS_OK;
}

sealos_status read_signatures(Call& call) {
  auto* source = call.object<sealos_source>();
  return source->read_signatures(source, call.reader.text(), &send_item, &call.line,
                                 call.error.out());
}

sealos_status layer_infos(Call& call) {
  auto* source = call.object<sealos_source>();
  return source->layer_infos(source, call.reader.text(), &send_blob, &call.line, call.error.out());
}

sealos_status list_source_referrers(Call& call) {
  auto* source = call.object<sealos_source>();
  const char* subject = call.reader.text();
  return referrers_of(source)->list(source, subject, call.reader.text(), &send_item, &call.line,
                                    call.error.out());
}

sealos_status list_source_attached(Call& call) {
  auto* source = call.object<sealos_source>();
  return referrers_of(source)->list_attached(source, call.reader.text(), &send_item, &call.line,
                                             call.error.out());
}

sealos_status release_source(Call& call) noexcept {
  auto* source = call.object<sealos_source>();
  if (SEALOS_HAS(source, sealos_source, release)) source->release(source);
  return SEALOS_OK;
}

}  // namespace

void describe(Writer& answer, sealos_source* object) {
  answer.number(number_of(object));
  if (object == nullptr) return;
  const sealos_source_referrers* referrers = referrers_of(object);
  std::uint64_t has = 0;
  if (SEALOS_HAS(object, sealos_source, read_manifest)) has |= kHasReadManifest;
  if (SEALOS_HAS(object, sealos_source, open_blob)) has |= kHasOpenBlob;
  if (SEALOS_HAS(object, sealos_source, read_signatures)) has |= kHasReadSignatures;
  if (SEALOS_HAS(object, sealos_source, layer_infos)) has |= kHasLayerInfos;
  if (referrers != nullptr) {
    if (SEALOS_HAS(referrers, sealos_source_referrers, list)) has |= kHasSourceReferrers;
    if (SEALOS_HAS(referrers, sealos_source_referrers, list_attached)) has |= kHasSourceAttached;
  }
  answer.number(object->struct_size).number(object->flags).number(has);
}

Function source_function(Kind kind) {
  switch (kind) {
    case Kind::read_manifest:
      return &read_manifest;
    case Kind::open_blob:
      return &open_blob;
    case Kind::read_stream:
      return &read_stream;
    case Kind::release_stream:
      return &release_stream;
    case Kind::read_signatures:
      return &read_signatures;
    case Kind::layer_infos:
      return &layer_infos;
    case Kind::list_source_referrers:
      return &list_source_referrers;
    case Kind::list_source_attached:
      return &list_source_attached;
    case Kind::release_source:
      return &release_source;
    default:
      return nullptr;
  }
}

}  // namespace sealos::isolation
