// Writing into a box.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "box_faults.hpp"
#include "box_source.hpp"

namespace box {

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
  fs::path blob_file(const char* digest) const { return place.folder / file_name(digest); }

  static sealos_status put_blob(sealos_destination* self, const sealos_blob* blob,
                                sealos_stream* from, sealos_emit_blob emit, void* to,
                                sealos_error* error) {
    static std::mutex mutex;
    static char shared[1 << 16];
    return guarded(error, [&]() -> sealos_status {
      NewFile file(of(self).place.folder);
      Sha256 hash;
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
        store(to.place.folder, file_name(instance) + ".image", item->label, data);
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
      store(place.folder, place.name + ".signature", signature_label, signature);
    store(place.folder, place.name + ".image", type, manifest);
    return SEALOS_OK;
  }
};

}  // namespace box
