#include "core/isolation/program/remote_host.hpp"

#include <poll.h>
#include <strings.h>
#include <sys/prctl.h>

#include <cstring>

#include "core/isolation/program/line.hpp"
#include "sealos/sdk/guard.hpp"

namespace sealos::isolation {
namespace {

std::string copy_of(const char* text) { return text == nullptr ? std::string() : text; }

}  // namespace

RemoteHost::RemoteHost(Reader& reader, Fd cancel) : sealos_host{}, cancel_(std::move(cancel)) {
  struct_size = sizeof(sealos_host);
  id_ = reader.number();
  abi_minor = static_cast<std::uint32_t>(reader.number());
  name_ = copy_of(reader.text());
  version_ = copy_of(reader.text());
  temp_dir_ = copy_of(reader.text());
  sealos_host::name = name_.c_str();
  sealos_host::version = version_.c_str();
  impl = this;
  get_extension = [](const sealos_host* self, const char* id) {
    return of(self).find_extension(id);
  };
  log = [](const sealos_host* self, std::int32_t level, const char* text) {
    sdk::guard(nullptr, [&] { of(self).ask(Kind::log, Writer().number(level).text(text)); });
  };
  cancelled = [](const sealos_host* self) { return of(self).is_cancelled(); };
  cancel_fd = [](const sealos_host* self) -> std::int32_t { return of(self).cancel_.get(); };
  progress = [](const sealos_host* self, const char* what, std::int64_t done, std::int64_t total) {
    sdk::guard(nullptr, [&] {
      of(self).ask(Kind::progress, Writer().text(what).number(done).number(total));
    });
  };
  option = [](const sealos_host* self, const char* key) { return of(self).find_option(key); };
  temp_dir = [](const sealos_host* self) { return of(self).temp_dir_.c_str(); };
  credentials = [](const sealos_host* self, const char* scope, sealos_emit emit, void* to,
                   sealos_error* error) {
    // From here on there are secrets in this process, too, which no core file and no other process
    // should have.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return of(self).ask_for_items(Kind::credentials, scope, emit, to, error);
  };
}

Message RemoteHost::ask(Kind kind, Writer question) const {
  Writer whole;
  whole.number(id_);
  whole.append(question);
  return Line::of_this_thread().ask(kind, whole);
}

std::int32_t RemoteHost::is_cancelled() const noexcept {
  if (cancel_) {
    pollfd one{cancel_.get(), POLLIN, 0};
    return ::poll(&one, 1, 0) > 0 ? 1 : 0;
  }
  std::uint64_t answer = 0;
  const sealos_status asked =
      sdk::guard(nullptr, [&] { answer = ask(Kind::cancelled, {}).reader().number(); });
  return asked != SEALOS_OK || answer != 0 ? 1 : 0;
}

const char* RemoteHost::find_option(const char* key) const noexcept {
  const char* found = nullptr;
  sdk::guard(nullptr, [&] {
    const std::lock_guard lock(mutex_);
    auto at = options_.find(key);
    if (at == options_.end()) {
      const Message answer = ask(Kind::option, Writer().text(key));
      const char* value = answer.reader().text();
      at =
          options_.emplace(key, value == nullptr ? std::nullopt : std::optional<std::string>(value))
              .first;
    }
    if (at->second) found = at->second->c_str();
  });
  return found;
}

std::uint64_t RemoteHost::members_of(const char* id) const {
  const auto at = members_.find(id);
  if (at != members_.end()) return at->second;
  return members_[id] = ask(Kind::find_extension, Writer().text(id)).reader().number();
}

const void* RemoteHost::find_extension(const char* id) const noexcept {
  const void* found = nullptr;
  sdk::guard(nullptr, [&] {
    const std::lock_guard lock(mutex_);
    if (std::strcmp(id, SEALOS_REGISTRIES) == 0) {
      const std::uint64_t has = members_of(id);
      registries_.struct_size = sizeof(registries_);
      if ((has & kHasPlacesToRead) != 0) {
        registries_.places_to_read = [](const sealos_host* self, const char* name,
                                        sealos_emit_place emit, void* to, sealos_error* error) {
          return ask_for_places(self, Kind::places_to_read, name, emit, to, error);
        };
      }
      if ((has & kHasPlaceToWrite) != 0) {
        registries_.place_to_write = [](const sealos_host* self, const char* name,
                                        sealos_emit_place emit, void* to, sealos_error* error) {
          return ask_for_places(self, Kind::place_to_write, name, emit, to, error);
        };
      }
      if (has != 0) found = &registries_;
    } else if (std::strcmp(id, SEALOS_SIGNATURE_PLACES) == 0 && members_of(id) != 0) {
      signature_places_.struct_size = sizeof(signature_places_);
      signature_places_.find = [](const sealos_host* self, const char* name, sealos_emit emit,
                                  void* to, sealos_error* error) {
        return of(self).ask_for_items(Kind::signature_places, name, emit, to, error);
      };
      found = &signature_places_;
    }
  });
  return found;
}

sealos_status RemoteHost::ask_for_items(Kind kind, const char* name, sealos_emit emit, void* to,
                                        sealos_error* error) const noexcept {
  sealos_status status = SEALOS_OK;
  const sealos_status asked = sdk::guard(error, [&] {
    Message answer = ask(kind, Writer().text(name));
    Reader reader = answer.reader();
    const ReadStatus found = reader.status();
    status = static_cast<sealos_status>(found.status);
    found.fill(error);
    const std::uint64_t count = reader.number();
    Reader items(reader.bytes());
    for (std::uint64_t i = 0; i < count && status == SEALOS_OK; ++i) {
      const sealos_item item = items.item();
      status = emit(to, &item);
    }
    ::explicit_bzero(answer.content.data(), answer.content.size());
  });
  return asked != SEALOS_OK ? asked : status;
}

sealos_status RemoteHost::ask_for_places(const sealos_host* self, Kind kind, const char* name,
                                         sealos_emit_place emit, void* to, sealos_error* error) {
  sealos_status status = SEALOS_OK;
  const sealos_status asked = sdk::guard(error, [&] {
    const Message answer = of(self).ask(kind, Writer().text(name));
    Reader reader = answer.reader();
    const ReadStatus found = reader.status();
    status = static_cast<sealos_status>(found.status);
    found.fill(error);
    const std::uint64_t count = reader.number();
    Reader places(reader.bytes());
    for (std::uint64_t i = 0; i < count && status == SEALOS_OK; ++i) {
      const auto flags = static_cast<std::uint32_t>(places.number());
      const sealos_registry_place place{sizeof(place), flags, places.text()};
      status = emit(to, &place);
    }
  });
  return asked != SEALOS_OK ? asked : status;
}

void RemoteHosts::add(std::unique_ptr<RemoteHost> host) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = host->id();
  hosts_[id] = std::move(host);
}

void RemoteHosts::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  hosts_.erase(id);
}

const sealos_host* RemoteHosts::find(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto at = hosts_.find(id);
  if (at == hosts_.end()) throw BadMessage("the engine names a host that it has not introduced");
  return at->second.get();
}

}  // namespace sealos::isolation
