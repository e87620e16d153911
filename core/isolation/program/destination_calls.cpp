#include "core/isolation/program/call.hpp"
#include "core/isolation/transfer.hpp"
#include "sealos/ext/draft/signature_check.h"
#include "sealos/ext/referrers.h"

namespace sealos::isolation {
namespace {

template <typename Extension>
const Extension* extension_of(sealos_destination* destination, const char* id) {
  if (!SEALOS_HAS(destination, sealos_destination, get_extension)) return nullptr;
  return static_cast<const Extension*>(destination->get_extension(destination, id));
}

const sealos_destination_referrers* referrers_of(sealos_destination* destination) {
  return extension_of<sealos_destination_referrers>(destination, SEALOS_REFERRERS);
}

/// The engine's stream, for the time of one call; any thread of the plugin may read it.
struct PutStream : sealos_stream {
  PutStream(Line& line, std::int64_t bytes, Fd file)
      : sealos_stream{}, line(line), file(std::move(file)) {
    struct_size = sizeof(sealos_stream);
    fd = this->file.get();
    size = bytes;
    impl = this;
    release = [](sealos_stream*) {};
    read = [](sealos_stream* self, void* into, size_t room, sealos_error* error) {
      return static_cast<PutStream*>(self)->pull(into, room, error);
    };
  }
  PutStream(const PutStream&) = delete;
  PutStream& operator=(const PutStream&) = delete;

  std::int64_t pull(void* into, size_t room, sealos_error* error) {
    std::int64_t n = 0;
    const sealos_status status = sdk::guard(error, [&] {
      n = reading.read(*this, line.area(), into, room, error, [&] { return ask(room); });
    });
    return status == SEALOS_OK ? n : -static_cast<std::int64_t>(status);
  }

  Message ask(size_t wanted) {
    Message answer = line.ask(Kind::read_put_stream, Writer().number(std::uint64_t{wanted}));
    if (answer.fd) line.area().take(std::move(answer.fd));
    return answer;
  }

  Line& line;
  Fd file;
  AreaReader reading;
};

sealos_status put_blob(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const ReadBlob blob = call.reader.blob();
  const std::int64_t size = call.reader.signed_number();
  const bool file = call.reader.number() != 0;
  PutStream stream(call.line, size, file ? std::move(call.request.fd) : Fd());
  return destination->put_blob(destination, &blob.c, &stream, &send_blob, &call.line,
                               call.error.out());
}

sealos_status try_reuse(Call& call) {
  auto* destination = call.object<sealos_destination>();
  sealos_reuse want{};
  want.struct_size = sizeof(want);
  want.flags = static_cast<std::uint32_t>(call.reader.number());
  want.compression = call.reader.text();
  const ReadBlob blob = call.reader.blob();
  want.blob = &blob.c;
  std::vector<ReadBlob> blobs;
  for (std::uint64_t left = call.reader.number(); left > 0; --left)
    blobs.push_back(call.reader.blob());
  std::vector<const sealos_blob*> candidates;
  for (const ReadBlob& one : blobs) candidates.push_back(&one.c);
  candidates.push_back(nullptr);
  want.candidates = candidates.data();
  return destination->try_reuse(destination, &want, &send_blob, &call.line, call.error.out());
}

sealos_status put_manifest(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const char* instance = call.reader.text();
  const sealos_item manifest = call.reader.item();
  return destination->put_manifest(destination, instance, &manifest, call.error.out());
}

sealos_status put_signatures(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const char* instance = call.reader.text();
  std::vector<sealos_item> items;
  for (std::uint64_t left = call.reader.number(); left > 0; --left)
    items.push_back(call.reader.item());
  return destination->put_signatures(destination, instance, items.data(), items.size(),
                                     call.error.out());
}

sealos_status check_signatures(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const auto* found = extension_of<sealos_signature_check>(destination, SEALOS_SIGNATURE_CHECK);
  return found->check(destination, call.reader.text(), call.error.out());
}

sealos_status commit(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const sealos_item top = call.reader.item();
  return destination->commit(destination, &top, &send_item, &call.line, call.error.out());
}

sealos_status abort_writing(Call& call) {
  auto* destination = call.object<sealos_destination>();
  return destination->abort(destination, call.error.out());
}

sealos_status put_referrer(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const sealos_item manifest = call.reader.item();
  return referrers_of(destination)->put(destination, &manifest, call.error.out());
}

sealos_status list_destination_referrers(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const char* subject = call.reader.text();
  return referrers_of(destination)
      ->list(destination, subject, call.reader.text(), &send_item, &call.line, call.error.out());
}

sealos_status put_attached(Call& call) {
  auto* destination = call.object<sealos_destination>();
  const char* subject = call.reader.text();
  const char* kind = call.reader.text();
  const sealos_item manifest = call.reader.item();
  return referrers_of(destination)
      ->put_attached(destination, subject, kind, &manifest, call.error.out());
}

sealos_status release_destination(Call& call) noexcept {
  auto* destination = call.object<sealos_destination>();
  if (SEALOS_HAS(destination, sealos_destination, release)) destination->release(destination);
  return SEALOS_OK;
}

std::uint64_t members_of(sealos_destination* object) {
  std::uint64_t has = 0;
  if (SEALOS_HAS(object, sealos_destination, put_blob)) has |= kHasPutBlob;
  if (SEALOS_HAS(object, sealos_destination, try_reuse)) has |= kHasTryReuse;
  if (SEALOS_HAS(object, sealos_destination, put_manifest)) has |= kHasPutManifest;
  if (SEALOS_HAS(object, sealos_destination, put_signatures)) has |= kHasPutSignatures;
  if (SEALOS_HAS(object, sealos_destination, commit)) has |= kHasCommit;
  if (SEALOS_HAS(object, sealos_destination, abort)) has |= kHasAbort;
  const auto* signatures = extension_of<sealos_signature_check>(object, SEALOS_SIGNATURE_CHECK);
  if (signatures != nullptr && SEALOS_HAS(signatures, sealos_signature_check, check))
    has |= kHasCheckSignatures;
  const sealos_destination_referrers* referrers = referrers_of(object);
  if (referrers == nullptr) return has;
  if (SEALOS_HAS(referrers, sealos_destination_referrers, put)) has |= kHasPutReferrer;
  if (SEALOS_HAS(referrers, sealos_destination_referrers, list)) has |= kHasListReferrers;
  if (SEALOS_HAS(referrers, sealos_destination_referrers, put_attached)) has |= kHasPutAttached;
  return has;
}

}  // namespace

void describe(Writer& answer, sealos_destination* object) {
  answer.number(number_of(object));
  if (object == nullptr) return;
  answer.number(object->struct_size).number(object->flags);
  answer.number(SEALOS_HAS(object, sealos_destination, compression) ? object->compression
                                                                    : std::int64_t{0});
  const auto list = [&](bool there, const char* const* texts) {
    answer.texts(there ? texts : nullptr);
  };
  list(SEALOS_HAS(object, sealos_destination, manifest_types), object->manifest_types);
  list(SEALOS_HAS(object, sealos_destination, layer_compressions), object->layer_compressions);
  list(SEALOS_HAS(object, sealos_destination, signature_formats), object->signature_formats);
  answer.number(members_of(object));
}

Function destination_function(Kind kind) {
  switch (kind) {
    case Kind::put_blob:
      return &put_blob;
    case Kind::try_reuse:
      return &try_reuse;
    case Kind::put_manifest:
      return &put_manifest;
    case Kind::put_signatures:
      return &put_signatures;
    case Kind::check_signatures:
      return &check_signatures;
    case Kind::commit:
      return &commit;
    case Kind::abort:
      return &abort_writing;
    case Kind::put_referrer:
      return &put_referrer;
    case Kind::list_destination_referrers:
      return &list_destination_referrers;
    case Kind::put_attached:
      return &put_attached;
    case Kind::release_destination:
      return &release_destination;
    default:
      return nullptr;
  }
}

}  // namespace sealos::isolation
