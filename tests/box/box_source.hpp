// Reading out of a box.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "box_faults.hpp"

namespace box {

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
            &(new FileStream(of(self).place.folder / file_name(blob->digest), offset, length))->c;
        return SEALOS_OK;
      });
    };
    c.read_signatures = [](sealos_source* self, const char*, sealos_emit emit, void* to,
                           sealos_error* error) {
      return guarded(error, [&]() -> sealos_status {
        const fs::path file = of(self).place.folder / (of(self).place.name + ".signature");
        if (!fs::exists(file) || is("loses_signatures")) return SEALOS_OK;
        const auto [label, data] = stored(file);
        const sealos_item item = {label.c_str(), data.data(), data.size()};
        return emit(to, &item);
      });
    };
    c.get_extension = [](sealos_source*, const char* id) { return extension(id); };
    SET_LATER(c);
  }
  static Source& of(sealos_source* self) { return *static_cast<Source*>(self->impl); }

  fs::path image_file(const char* instance) const {
    return place.folder / ((instance != nullptr ? file_name(instance) : place.name) + ".image");
  }

  static sealos_status read_manifest(sealos_source* self, const char* instance, sealos_emit emit,
                                     void* to, sealos_error* error) {
    return guarded(error, [&]() -> sealos_status {
      if (is("missing_is_internal") && !fs::exists(of(self).image_file(instance)))
        throw Problem{SEALOS_INTERNAL, "box: something is wrong"};
      const auto [label, data] = stored(of(self).image_file(instance));
      const sealos_item item = {label.c_str(), data.data(), data.size()};
      sealos_status status = emit(to, &item);
      if (is("emits_twice")) emit(to, &item);
      if (is("ignores_emit")) status = SEALOS_OK;
      if (is("emits_from_a_thread")) std::thread([&] { emit(to, &item); }).join();
      return status;
    });
  }
};

}  // namespace box
