// box:FOLDER:NAME, a transport straight on the C ABI that keeps all its rules. With the
// environment's BOX_FAULT it breaks one of them; sealos-conformance has to find out. Built also
// with older and newer headers, for tests of plugins and hosts of different ages.
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "box_files.hpp"
#include "sealos/abi.h"

namespace {

using box::Problem;
namespace fs = std::filesystem;

/// Whether this is what is to be wrong.
bool is(const char* fault) {
  const char* wanted = std::getenv("BOX_FAULT");
  return wanted != nullptr && std::strcmp(wanted, fault) == 0;
}

sealos_status report(sealos_error* error, int status, const std::string& message) {
  if (error == nullptr) {
    if (is("writes_unwanted_error")) *static_cast<volatile int*>(nullptr) = 1;
    return status;
  }
  error->message = ::strdup(message.c_str());
  error->impl = const_cast<char*>(error->message);
  error->release = [](sealos_error* self) {
    std::free(self->impl);
    self->message = nullptr;
    self->release = nullptr;
  };
  if (is("error_of_two_lines")) error->message = "two\nlines";
  if (is("writes_beside_the_error")) reinterpret_cast<char*>(error + 1)[3] = 0;
  return is("status_is_none") ? 4711 : status;
}

template <typename Body>
sealos_status guarded(sealos_error* error, Body&& body) {
  try {
    const sealos_status status = body();
    if (is("error_on_success") && error != nullptr) report(error, 0, "all is well");
    return status;
  } catch (const Problem& e) {
    return report(error, e.status, e.message);
  } catch (const std::exception& e) {
    return report(error, SEALOS_INTERNAL, e.what());
  }
}

const void* extension(const char* id) {
  static const sealos_item kAny = {"any", nullptr, 0};
  return is("has_every_extension") || std::strcmp(id, "box.test/1") == 0 ? &kAny : nullptr;
}

#ifdef SEALOS_TEST_NEWER
sealos_status later(void*, std::int64_t how) { return static_cast<sealos_status>(how + 1); }
/// What a newer plugin does with what only newer hosts have.
void greet(const sealos_host* host) {
  const bool knows = SEALOS_HAS(host, sealos_host, later);
  host->log(host, SEALOS_LOG_INFO,
            knows && host->later(nullptr, 1) == 2 ? "the host is newer, too" : "the host is older");
}
#define SET_LATER(object) ((object).later = later, (object).more = 0x1234567890abcdef)
#else
void greet(const sealos_host*) {}
#define SET_LATER(object) (void)0
#endif

// ---- the stream ----

struct FileStream {
  sealos_stream c = {};
  std::int64_t left = 0;

  FileStream(const fs::path& path, std::int64_t offset, std::int64_t length) {
    c.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat st = {};
    if (c.fd < 0 || ::fstat(c.fd, &st) != 0)
      throw Problem{SEALOS_NOT_FOUND, "box: there is no " + path.string()};
    if (is("parts_are_wholes")) offset = 0, length = -1;
    left = length < 0 ? st.st_size - offset : length;
    if (left < 0 || offset + left > st.st_size ||
        ::lseek(c.fd, is("descriptor_elsewhere") ? 0 : offset, SEEK_SET) < 0) {
      ::close(c.fd);
      throw Problem{SEALOS_CORRUPT, "box: " + path.string() + " ends too early"};
    }
    if (is("descriptor_elsewhere") && left > 1) ::lseek(c.fd, offset + 1, SEEK_SET);
    c.struct_size = sizeof(c);
    c.size = left;
    c.impl = this;
    c.release = [](sealos_stream* self) {
      if (!is("leaks_descriptors")) ::close(self->fd);
      delete static_cast<FileStream*>(self->impl);
    };
    c.read = [](sealos_stream* self, void* into, size_t room, sealos_error* error) -> std::int64_t {
      auto& stream = *static_cast<FileStream*>(self->impl);
      if (is("reads_throw")) throw std::runtime_error("thrown by read");
      if (is("reads_too_much")) return static_cast<std::int64_t>(room) + 1;
      if (is("never_ends")) return static_cast<std::int64_t>(room);
      const ssize_t n =
          ::read(self->fd, into, std::min<size_t>(room, static_cast<size_t>(stream.left)));
      if (n < 0) return -report(error, SEALOS_IO, "box: a blob cannot be read");
      if (n > 0 && is("changes_bytes")) static_cast<char*>(into)[0] ^= 1;
      stream.left -= n;
      return n;
    };
    SET_LATER(c);
  }
};

// ---- the source ----

struct Place {
  fs::path folder;
  std::string name;
};

struct Source {
  sealos_source c = {};
  Place place;

  explicit Source(Place at) : place(std::move(at)) {
    if (!fs::exists(image_file(nullptr)) && !is("missing_is_internal"))
      throw Problem{SEALOS_NOT_FOUND, "box: there is no image " + place.name};
    c.struct_size = sizeof(c);
    c.flags = SEALOS_PARALLEL;
    c.impl = this;
    c.release = [](sealos_source* self) { delete static_cast<Source*>(self->impl); };
    c.read_manifest = read_manifest;
    c.open_blob = [](sealos_source* self, const sealos_blob* blob, std::int64_t offset,
                     std::int64_t length, sealos_stream** out, sealos_error* error) {
      return guarded(error, [&] {
        *out =
            &(new FileStream(of(self).place.folder / box::file_name(blob->digest), offset, length))
                 ->c;
        return SEALOS_OK;
      });
    };
    c.read_signatures = [](sealos_source* self, const char*, sealos_emit emit, void* to,
                           sealos_error* error) {
      return guarded(error, [&]() -> sealos_status {
        const fs::path file = of(self).place.folder / (of(self).place.name + ".signature");
        if (!fs::exists(file) || is("loses_signatures")) return SEALOS_OK;
        const auto [label, data] = box::stored(file);
        const sealos_item item = {label.c_str(), data.data(), data.size()};
        return emit(to, &item);
      });
    };
    c.get_extension = [](sealos_source*, const char* id) { return extension(id); };
    SET_LATER(c);
  }
  static Source& of(sealos_source* self) { return *static_cast<Source*>(self->impl); }

  fs::path image_file(const char* instance) const {
    return place.folder /
           ((instance != nullptr ? box::file_name(instance) : place.name) + ".image");
  }

  static sealos_status read_manifest(sealos_source* self, const char* instance, sealos_emit emit,
                                     void* to, sealos_error* error) {
    return guarded(error, [&]() -> sealos_status {
      if (is("missing_is_internal") && !fs::exists(of(self).image_file(instance)))
        throw Problem{SEALOS_INTERNAL, "box: something is wrong"};
      const auto [label, data] = box::stored(of(self).image_file(instance));
      const sealos_item item = {label.c_str(), data.data(), data.size()};
      sealos_status status = emit(to, &item);
      if (is("emits_twice")) emit(to, &item);
      if (is("ignores_emit")) status = SEALOS_OK;
      if (is("emits_from_a_thread")) std::thread([&] { emit(to, &item); }).join();
      return status;
    });
  }
};

// ---- the destination ----

struct Destination {
  sealos_destination c = {};
  Place place;
  std::string type, manifest, signature_label, signature;
  std::string* borrowed = nullptr;

  explicit Destination(Place at, bool preview) : place(std::move(at)) {
    if (!preview || is("preview_writes")) fs::create_directories(place.folder);
    static const char* const kTypes[] = {"application/vnd.oci.image.manifest.v1+json",
                                         "application/vnd.oci.image.index.v1+json", nullptr};
    c.struct_size = sizeof(c);
    c.flags = SEALOS_PARALLEL | SEALOS_KEEPS_LAYERS;
    c.manifest_types = kTypes;
    c.impl = this;
    c.release = [](sealos_destination* self) {
      if (is("crashes_in_release")) std::abort();
      if (is("leaves_a_thread")) std::thread([] { ::pause(); }).detach();
      delete static_cast<Destination*>(self->impl);
    };
    c.put_blob = put_blob;
    c.try_reuse = try_reuse;
    c.put_manifest = put_manifest;
    c.put_signatures = [](sealos_destination* self, const char*, const sealos_item* items,
                          size_t count, sealos_error* error) {
      return guarded(error, [&] {
        if (count != 1) throw Problem{SEALOS_UNSUPPORTED, "box: one signature is kept"};
        of(self).signature_label = items[0].label;
        of(self).signature.assign(static_cast<const char*>(items[0].data), items[0].size);
        return SEALOS_OK;
      });
    };
    c.commit = [](sealos_destination* self, const sealos_item*, sealos_emit, void*,
                  sealos_error* error) {
      return guarded(error, [&] { return of(self).commit(); });
    };
    c.abort = [](sealos_destination* self, sealos_error* error) {
      return guarded(error, [&] {
        if (is("abort_commits")) return of(self).commit();
        return sealos_status{SEALOS_OK};
      });
    };
    c.get_extension = [](sealos_destination*, const char* id) { return extension(id); };
    SET_LATER(c);
  }
  static Destination& of(sealos_destination* self) {
    return *static_cast<Destination*>(self->impl);
  }
  fs::path blob_file(const char* digest) const { return place.folder / box::file_name(digest); }

  static sealos_status put_blob(sealos_destination* self, const sealos_blob* blob,
                                sealos_stream* from, sealos_emit_blob emit, void* to,
                                sealos_error* error) {
    static std::mutex mutex;
    static char shared[1 << 16];
    return guarded(error, [&]() -> sealos_status {
      box::NewFile file(of(self).place.folder);
      box::Sha256 hash;
      std::vector<char> own(1 << 16), all;
      char* buffer = is("not_parallel") ? shared : own.data();
      std::int64_t n = 0, size = 0;
      if (is("ignores_descriptor_position") && from->fd >= 0) ::lseek(from->fd, 0, SEEK_SET);
      while ((n = from->read(from, buffer, own.size(), error)) > 0) {
        if (is("not_parallel")) std::this_thread::yield();
        const std::lock_guard lock(mutex);
        if (is("holds_blobs_in_memory")) all.insert(all.end(), buffer, buffer + n);
        file.write(buffer, static_cast<size_t>(n));
        hash.update(buffer, static_cast<size_t>(n));
        size += n;
      }
      if (n < 0 && is("takes_a_failed_stream_for_ended")) n = 0;
      if (n < 0 && is("keeps_a_failed_stream")) file.keep_as(of(self).blob_file(blob->digest));
      if (n < 0)
        return is("changes_a_stream_s_status") ? SEALOS_IO : static_cast<sealos_status>(-n);
      std::string digest = hash.finish();
      if (blob->digest != nullptr && !is("not_parallel") && !is("ignores_descriptor_position"))
        digest = blob->digest;
      if (blob->digest == nullptr && is("computes_no_digest"))
        digest = "sha256:" + std::string(64, '0');
      file.keep_as(of(self).blob_file(digest.c_str()));
      sealos_blob put = *blob;
      put.struct_size = sizeof(sealos_blob);
      put.digest = digest.c_str();
      put.size = is("says_a_wrong_size") ? size + 1 : size;
      return is("emits_no_blob") ? sealos_status{SEALOS_OK} : emit(to, &put);
    });
  }

  static sealos_status try_reuse(sealos_destination* self, const sealos_reuse* want,
                                 sealos_emit_blob emit, void* to, sealos_error* error) {
    return guarded(error, [&]() -> sealos_status {
      std::error_code failed;
      const auto size = fs::file_size(of(self).blob_file(want->blob->digest), failed);
      if (failed && !is("reuses_what_is_not_there")) return SEALOS_NOT_FOUND;
      sealos_blob there = *want->blob;
      there.struct_size = sizeof(sealos_blob);
      if (!failed) there.size = static_cast<std::int64_t>(size);
      return emit(to, &there);
    });
  }

  static sealos_status put_manifest(sealos_destination* self, const char* instance,
                                    const sealos_item* item, sealos_error* error) {
    return guarded(error, [&] {
      Destination& to = of(self);
      if (std::strstr(item->label, "vnd.oci.image.") == nullptr) {
        if (is("takes_any_manifest")) return sealos_status{SEALOS_OK};
        throw Problem{SEALOS_MANIFEST_REJECTED, "box: no manifest of OCI"};
      }
      const std::string data(static_cast<const char*>(item->data), item->size);
      if (instance != nullptr) {
        box::store(to.place.folder, box::file_name(instance) + ".image", item->label, data);
        return sealos_status{SEALOS_OK};
      }
      to.type = item->label;
      to.manifest = data;
      if (is("commits_early")) to.commit();
      if (is("removes_before_commit")) fs::remove(to.place.folder / (to.place.name + ".image"));
      return sealos_status{SEALOS_OK};
    });
  }

  sealos_status commit() {
    if (!signature.empty())
      box::store(place.folder, place.name + ".signature", signature_label, signature);
    box::store(place.folder, place.name + ".image", type, manifest);
    return SEALOS_OK;
  }
};

// ---- the reference ----

struct Reference {
  sealos_reference c = {};
  Place place;
  std::string canonical;

  explicit Reference(const std::string& details, const char* borrowed) {
    const size_t colon = details.rfind(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == details.size() ||
        details[colon + 1] == '.' || details.find('/', colon) != std::string::npos ||
        details.size() > 4000)
      throw Problem{SEALOS_INVALID, "box: not FOLDER:NAME"};
    place = {details.substr(0, colon), details.substr(colon + 1)};
    if (is("parsing_makes_folders")) fs::create_directories(place.folder);
    canonical = is("canonical_is_another") ? details + "x" : details;
    if (is("changes_the_folder")) [[maybe_unused]]
      const int failed = ::chdir("/");
    c.struct_size = is("struct_too_short") ? 16 : sizeof(c);
    c.impl = this;
    c.release = [](sealos_reference* self) { delete static_cast<Reference*>(self->impl); };
    c.canonical = is("points_into_its_arguments") ? borrowed : canonical.c_str();
    c.policy_identity = canonical.c_str();
    if (!is("cannot_read_but_says_so"))
      c.open_source = [](const sealos_reference* self, const sealos_host* host, sealos_source** out,
                         sealos_error* error) {
        return guarded(error, [&] {
          of(self).opened(host);
          *out = &(new Source(of(self).place))->c;
          return SEALOS_OK;
        });
      };
    c.open_destination = [](const sealos_reference* self, const sealos_host* host,
                            sealos_destination** out, sealos_error* error) {
      return guarded(error, [&] {
        of(self).opened(host);
        *out = &(new Destination(of(self).place, false))->c;
        return SEALOS_OK;
      });
    };
    c.open_preview = [](const sealos_reference* self, const sealos_host*, sealos_destination** out,
                        sealos_error* error) {
      return guarded(error, [&] {
        *out = &(new Destination(of(self).place, true))->c;
        return SEALOS_OK;
      });
    };
    c.list_tags = [](const sealos_reference* self, const sealos_host*, sealos_emit emit, void* to,
                     sealos_error* error) {
      return guarded(error, [&]() -> sealos_status {
        for (const auto& entry : fs::directory_iterator(of(self).place.folder)) {
          if (entry.path().extension() != ".image") continue;
          const std::string name = entry.path().stem();
          const sealos_item item = {name.c_str(), nullptr, 0};
          for (int i = is("lists_tags_twice") ? 0 : 1; i < 2; ++i) {
            if (const sealos_status status = emit(to, &item); status != SEALOS_OK) return status;
          }
        }
        return SEALOS_OK;
      });
    };
    c.remove = [](const sealos_reference* self, const sealos_host*, std::uint32_t how,
                  sealos_error* error) {
      return guarded(error, [&] {
        const fs::path file = of(self).place.folder / (of(self).place.name + ".image");
        if ((how & ~SEALOS_REMOVE_ONLY_INDEX) != 0 && !is("removes_whatever_it_is_told"))
          throw Problem{SEALOS_UNSUPPORTED, "box: cannot be removed so"};
        if ((how & SEALOS_REMOVE_ONLY_INDEX) != 0 &&
            box::stored(file).first.find("index") == std::string::npos)
          throw Problem{SEALOS_INVALID, "box: it is no index"};
        if (!fs::remove(file)) throw Problem{SEALOS_NOT_FOUND, "box: there is no such image"};
        return SEALOS_OK;
      });
    };
    c.get_extension = [](const sealos_reference*, const char* id) { return extension(id); };
    SET_LATER(c);
  }
  static const Reference& of(const sealos_reference* self) {
    return *static_cast<Reference*>(self->impl);
  }

  /// What goes wrong, or not, when either side is opened.
  void opened(const sealos_host* host) const {
    greet(host);
    if (is("refuses_newer_hosts") && host->abi_minor > SEALOS_ABI_MINOR)
      throw Problem{SEALOS_UNSUPPORTED, "box: too new"};
    if (is("writes_to_the_terminal")) std::printf("hello\n");
    if (is("changes_the_umask")) ::umask(0);
    if (is("changes_signals")) ::signal(SIGINT, SIG_IGN);
    if (is("changes_the_environment")) ::setenv("BOX", "was here", 1);
    if (is("changes_the_locale")) std::setlocale(LC_ALL, "C.UTF-8");
    if (is("crashes")) *static_cast<volatile int*>(nullptr) = 1;
    if (is("crashes_in_a_thread"))
      std::thread([] { *static_cast<volatile int*>(nullptr) = 1; }).join();
    if (is("exits")) ::_exit(0);
    if (is("hangs")) ::pause();
    host->option(host, is("asks_for_unlisted_options") ? "box.secret" : "box.mode");
    if (is("logs_passwords")) {
      host->credentials(
          host, "box",
          [](void* to, const sealos_item* item) -> sealos_status {
            static_cast<const sealos_host*>(to)->log(
                static_cast<const sealos_host*>(to), SEALOS_LOG_INFO,
                std::string(static_cast<const char*>(item->data), item->size).c_str());
            return SEALOS_OK;
          },
          const_cast<sealos_host*>(host), nullptr);
    }
  }
};

// ---- transport and plugin ----

sealos_status parse(const sealos_transport*, const sealos_host*, const char* details,
                    sealos_reference** out, sealos_error* error) {
  return guarded(error, [&] {
    if (is("crashes_on_nonsense") && *details == 0) std::abort();
    *out = &(new Reference(details, details))->c;
    return SEALOS_OK;
  });
}

constexpr const char* kOptions[] = {"box.mode", "nothing in particular", nullptr};

constexpr sealos_transport make_transport() {
  sealos_transport transport = {};
  transport.struct_size = sizeof(transport);
  transport.flags = SEALOS_CAN_READ | SEALOS_CAN_WRITE | SEALOS_CAN_LIST | SEALOS_CAN_REMOVE |
                    SEALOS_CAN_SIGN | SEALOS_ASKS_CREDENTIALS;
  transport.name = "box";
  transport.options = kOptions;
  transport.parse_reference = parse;
  transport.get_extension = [](const sealos_transport*, const char* id) { return extension(id); };
  return transport;
}

constexpr sealos_plugin make_plugin(const sealos_transport* const* transports) {
  sealos_plugin plugin = {};
  plugin.struct_size = sizeof(plugin);
  plugin.abi_minor = SEALOS_ABI_MINOR;
  plugin.name = "box";
  plugin.version = "1";
  plugin.transports = transports;
  return plugin;
}

constexpr sealos_transport kTransport = make_transport();
constexpr const sealos_transport* kTransports[] = {&kTransport, nullptr};

}  // namespace

extern "C" SEALOS_EXPORT const sealos_plugin sealos_plugin_v1;
extern "C" constexpr sealos_plugin sealos_plugin_v1 = make_plugin(kTransports);
