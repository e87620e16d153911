// A plugin straight on the C ABI that is right but for one thing: the fault named by the macro
// FAULT. As a source it has one image without layers; as a destination it forgets everything.
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "sealos/abi.h"

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

namespace {

constexpr bool is(const char* fault) {
  const char* mine = STRING(FAULT);
  while (*mine != 0 && *mine == *fault) ++mine, ++fault;
  return *mine == *fault;
}

// The digest of "{}", which is the config.
const char kConfig[] = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const char kManifest[] =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
    R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":)"
    R"("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]})";

// ---- streams ----

std::int64_t read(sealos_stream* self, void* into, size_t room, sealos_error*) {
  if (is("stream_throws")) throw std::runtime_error("thrown by a stream");
  if (is("stream_says_nonsense")) return -4711;
  if (is("stream_gives_too_much")) return static_cast<std::int64_t>(room) + 1;
  if (is("stream_never_ends")) {
    std::memset(into, 'x', room);
    return static_cast<std::int64_t>(room);
  }
  if (self->impl == nullptr || room < 2) return 0;
  self->impl = nullptr;
  std::memcpy(into, "{}", 2);
  return 2;
}

sealos_stream stream = {sizeof(sealos_stream), -1, 2, nullptr, [](sealos_stream*) {}, read};

// ---- the source ----

sealos_status read_manifest(sealos_source*, const char*, sealos_emit emit, void* to,
                            sealos_error*) {
  if (is("manifest_not_emitted")) return SEALOS_OK;
  const sealos_item item = {"application/vnd.oci.image.manifest.v1+json", kManifest,
                            sizeof(kManifest) - 1};
  if (is("manifest_emitted_twice")) emit(to, &item);
  return emit(to, &item);
}

sealos_status open_blob(sealos_source*, const sealos_blob*, std::int64_t, std::int64_t,
                        sealos_stream** out, sealos_error*) {
  stream.impl = &stream;
  *out = is("stream_is_null") ? nullptr : &stream;
  return SEALOS_OK;
}

sealos_source make_source() {
  sealos_source source = {};
  source.struct_size = sizeof(source);
  source.release = [](sealos_source*) {};
  if (is("source_without_members")) return source;
  source.read_manifest = read_manifest;
  source.open_blob = open_blob;
  return source;
}

sealos_source source = make_source();

// ---- the destination ----

sealos_status put_blob(sealos_destination*, const sealos_blob* blob, sealos_stream* from,
                       sealos_emit_blob emit, void* to, sealos_error* error) {
  if (is("put_throws")) throw std::runtime_error("thrown by put_blob");
  char buffer[4096];
  std::int64_t n = 0, size = 0;
  while ((n = from->read(from, buffer, sizeof(buffer), error)) > 0) size += n;
  if (n < 0) return static_cast<sealos_status>(-n);
  sealos_blob put = *blob;
  put.size = size;
  if (is("blob_not_emitted")) return SEALOS_OK;
  if (is("blob_with_other_digest")) put.digest = kConfig;
  if (is("blob_without_digest")) put.digest = nullptr;
  return emit(to, &put);
}

sealos_destination make_destination() {
  sealos_destination destination = {};
  destination.struct_size = sizeof(destination);
  destination.release = [](sealos_destination*) {};
  destination.put_blob = put_blob;
  destination.put_manifest = [](sealos_destination*, const char*, const sealos_item*,
                                sealos_error*) -> sealos_status { return SEALOS_OK; };
  destination.commit = [](sealos_destination*, const sealos_item*, sealos_emit, void*,
                          sealos_error*) -> sealos_status {
    return is("commit_says_nonsense") ? 4711 : SEALOS_OK;
  };
  return destination;
}

sealos_destination destination = make_destination();

// ---- reference, transport, plugin ----

sealos_status open_source(const sealos_reference*, const sealos_host*, sealos_source** out,
                          sealos_error*) {
  *out = is("source_gives_nothing") ? nullptr : &source;
  return SEALOS_OK;
}

sealos_status open_destination(const sealos_reference*, const sealos_host*,
                               sealos_destination** out, sealos_error*) {
  *out = is("destination_gives_nothing") ? nullptr : &destination;
  return SEALOS_OK;
}

sealos_reference make_reference() {
  sealos_reference reference = {};
  reference.struct_size = sizeof(reference);
  reference.release = [](sealos_reference*) {};
  reference.canonical = is("reference_without_names") ? nullptr : "x";
  reference.policy_identity = is("reference_without_names") ? nullptr : "";
  reference.open_source = open_source;
  reference.open_destination = open_destination;
  return reference;
}

sealos_reference reference = make_reference();

sealos_status parse(const sealos_transport*, const sealos_host*, const char*,
                    sealos_reference** out, sealos_error*) {
  if (is("parse_throws")) throw std::runtime_error("thrown by parse_reference");
  *out = is("parse_gives_nothing") ? nullptr : &reference;
  return SEALOS_OK;
}

constexpr sealos_transport kTransport = {
    sizeof(sealos_transport),
    is("wrong_flags") ? 0u : SEALOS_CAN_READ | SEALOS_CAN_WRITE,
    is("other_transport") ? "other" : "faulty",
    nullptr,
    is("transport_without_parse") ? nullptr : parse,
    nullptr,
    nullptr};
constexpr const sealos_transport* kTransports[] = {&kTransport, nullptr};

sealos_status start(const sealos_host*, sealos_error* error) {
  if (is("start_says_nonsense")) return 4711;
  if (!is("start_fails")) return SEALOS_OK;
  if (error != nullptr) error->message = "two\nlines, and a colour: \x1b[31m";
  return SEALOS_UNAVAILABLE;
}

constexpr sealos_plugin make_plugin() {
  sealos_plugin plugin = {sizeof(sealos_plugin),
                          SEALOS_ABI_MINOR,
                          is("no_name") ? nullptr : "faulty",
                          "1",
                          start,
                          is("no_transports") ? nullptr : kTransports};
  if (is("no_size")) plugin.struct_size = 0;
  return plugin;
}

}  // namespace

[[maybe_unused]] const int kChanged = is("changes_when_opened") ? ::chdir("/") : 0;

#ifdef ONE_MORE
extern "C" SEALOS_EXPORT int one_more_symbol();
int one_more_symbol() { return 1; }
#endif

#ifdef WRITABLE
extern "C" SEALOS_EXPORT sealos_plugin writable asm(STRING(SYMBOL));
sealos_plugin writable = make_plugin();
#elif defined(SYMBOL)
extern "C" SEALOS_EXPORT const sealos_plugin SYMBOL;
extern "C" constexpr sealos_plugin SYMBOL = make_plugin();
#else
extern "C" SEALOS_EXPORT int something_else();
int something_else() { return make_plugin().abi_minor != 0; }
#endif
