// age_host FROM.so DETAILS TO.so DETAILS: a small host that copies an image, straight on the C ABI.
// Built with the header as it was released, as it is, and as a later one may be, it meets plugins
// built with each of them. Prints what it saw.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "sealos/abi.h"

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "age_host: %s\n", why.c_str());
  std::exit(1);
}

#ifdef SEALOS_TEST_NEWER
sealos_status later(void*, std::int64_t how) { return static_cast<sealos_status>(how + 1); }
/// Calls what only a newer plugin has.
template <typename T>
void meet(const char* what, T* object) {
  const bool knows = SEALOS_HAS(object, T, later);
  if (knows && (object->later(object, 4) != 5 || object->more != 0x1234567890abcdef))
    die("later is not what it was");
  std::printf("%s is %s\n", what, knows ? "newer, too" : "older");
}
#else
template <typename T>
void meet(const char* what, T*) {
  std::printf("%s\n", what);
}
#endif

sealos_host make_host() {
  sealos_host host = {};
  host.struct_size = sizeof(host);
  host.abi_minor = SEALOS_ABI_MINOR;
  host.name = "age_host";
  host.version = "1";
  host.get_extension = [](const sealos_host*, const char*) -> const void* { return nullptr; };
  host.log = [](const sealos_host*, std::int32_t, const char* text) {
    std::printf("plugin: %s\n", text);
  };
  host.cancelled = [](const sealos_host*) -> std::int32_t { return 0; };
  host.cancel_fd = [](const sealos_host*) -> std::int32_t { return -1; };
  host.progress = [](const sealos_host*, const char*, std::int64_t, std::int64_t) {};
  host.option = [](const sealos_host*, const char*) -> const char* { return nullptr; };
  host.temp_dir = [](const sealos_host*) { return "/tmp"; };
  host.credentials = [](const sealos_host*, const char*, sealos_emit, void*,
                        sealos_error*) -> sealos_status { return SEALOS_NOT_FOUND; };
#ifdef SEALOS_TEST_NEWER
  host.later = later;
#endif
  return host;
}

const sealos_host kHost = make_host();

/// Calls, and ends the process where that fails.
template <typename Call>
void must(const char* function, Call&& run) {
  sealos_error error = {};
  error.struct_size = sizeof(error);
  if (const sealos_status status = run(&error); status != SEALOS_OK)
    die(std::string(function) + " returned " + std::to_string(status) + ": " +
        (error.message ? error.message : ""));
}

sealos_reference* open_reference(const char* library, const char* details) {
  void* handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) die(::dlerror());
  const auto* plugin = static_cast<const sealos_plugin*>(::dlsym(handle, "sealos_plugin_v1"));
  if (plugin == nullptr) die("no entry");
  if (plugin->start != nullptr)
    must("start", [&](sealos_error* error) { return plugin->start(&kHost, error); });
  const sealos_transport* transport = plugin->transports[0];
  sealos_reference* reference = nullptr;
  must("parse_reference", [&](sealos_error* error) {
    return transport->parse_reference(transport, &kHost, details, &reference, error);
  });
  meet("reference", reference);
  return reference;
}

struct Text {
  std::string label, data;
  static sealos_status take(void* to, const sealos_item* item) {
    *static_cast<Text*>(to) = {item->label,
                               std::string(static_cast<const char*>(item->data), item->size)};
    return SEALOS_OK;
  }
};

/// The value of "key": behind a position, as text without quotes.
std::string value_of(const std::string& json, const std::string& key, size_t from) {
  size_t at = json.find("\"" + key + "\"", from);
  at = json.find_first_not_of(" :\"", json.find(':', at));
  return json.substr(at, json.find_first_of("\",}", at) - at);
}

void copy_blob(sealos_source* from, sealos_destination* to, const sealos_blob& blob) {
  sealos_stream* stream = nullptr;
  must("open_blob",
       [&](sealos_error* error) { return from->open_blob(from, &blob, 0, -1, &stream, error); });
  meet("stream", stream);
  std::int64_t stored = -1;
  must("put_blob", [&](sealos_error* error) {
    return to->put_blob(
        to, &blob, stream,
        [](void* size, const sealos_blob* put) -> sealos_status {
          *static_cast<std::int64_t*>(size) = put->size;
          return SEALOS_OK;
        },
        &stored, error);
  });
  if (stored != blob.size) die("a blob was stored with another size");
  stream->release(stream);
}

/// Every blob that a manifest of one image names, the config first.
void copy_blobs(sealos_source* from, sealos_destination* to, const std::string& manifest) {
  std::int64_t index = -1;
  for (size_t at = 0; (at = manifest.find("\"digest\"", at)) != std::string::npos; ++at, ++index) {
    const size_t object = manifest.rfind('{', at);
    const std::string digest = value_of(manifest, "digest", object);
    sealos_blob blob = {};
    blob.struct_size = sizeof(blob);
    blob.flags = index < 0 ? std::uint32_t{SEALOS_BLOB_CONFIG} : 0u;
    blob.digest = digest.c_str();
    blob.size = std::atoll(value_of(manifest, "size", object).c_str());
    blob.layer_index = index;
    copy_blob(from, to, blob);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) die("four arguments are needed");
  sealos_reference* from_reference = open_reference(argv[1], argv[2]);
  sealos_reference* to_reference = open_reference(argv[3], argv[4]);
  sealos_source* from = nullptr;
  sealos_destination* to = nullptr;
  must("open_source", [&](sealos_error* error) {
    return from_reference->open_source(from_reference, &kHost, &from, error);
  });
  must("open_destination", [&](sealos_error* error) {
    return to_reference->open_destination(to_reference, &kHost, &to, error);
  });
  meet("source", from);
  meet("destination", to);
  Text top;
  must("read_manifest", [&](sealos_error* error) {
    return from->read_manifest(from, nullptr, &Text::take, &top, error);
  });
  copy_blobs(from, to, top.data);
  const sealos_item item = {top.label.c_str(), top.data.data(), top.data.size()};
  must("put_manifest",
       [&](sealos_error* error) { return to->put_manifest(to, nullptr, &item, error); });
  must("commit",
       [&](sealos_error* error) { return to->commit(to, &item, &Text::take, &top, error); });
  from->release(from);
  to->release(to);
  from_reference->release(from_reference);
  to_reference->release(to_reference);
  std::puts("copied");
  return 0;
}
