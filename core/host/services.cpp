#include "core/host/services.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/install/install_paths.hpp"
#include "sealos/sdk/guard.hpp"

namespace sealos {
namespace {

sealos_status emit_place(sealos_emit_place emit, void* to, const sdk::RegistryPlace& place) {
  std::uint32_t flags = 0;
  if (place.insecure) flags |= SEALOS_PLACE_INSECURE;
  if (place.mirror) flags |= SEALOS_PLACE_MIRROR;
  const sealos_registry_place c{sizeof(c), flags, place.name.c_str()};
  return emit(to, &c);
}

std::optional<sdk::Credentials> find_login(const Hooks& hooks, const std::string& scope) {
  try {
    return hooks.credentials(scope);
  } catch (const Error& e) {
    // A file or a helper that is missing is no answer; to plugins "not found" is one: no login.
    if (e.status() == Status::not_found) throw Error(Status::unauthenticated, e.message());
    throw;
  }
}

}  // namespace

// Counted down one by one, so that nobody who has it, an isolated plugin for one, can read it
// empty.
CancelToken::CancelToken() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {}

CancelToken::~CancelToken() {
  if (fd_ >= 0) ::close(fd_);
}

void CancelToken::cancel() noexcept {
  cancelled_.store(true, std::memory_order_relaxed);
  const std::uint64_t many = std::uint64_t{1} << 62;
  [[maybe_unused]] const ssize_t n = ::write(fd_, &many, sizeof(many));
}

void CancelToken::throw_if_cancelled() const {
  if (cancelled()) throw Error(Status::cancelled, "interrupted");
}

Services::Services(const Hooks& hooks, CancelToken& cancel,
                   std::map<std::string, std::string> options)
    : hooks_(hooks), cancel_(cancel), options_(std::move(options)) {
  c_.struct_size = sizeof(c_);
  c_.abi_minor = SEALOS_ABI_MINOR;
  c_.name = "sealos";
  c_.version = kVersion;
  c_.impl = this;
  c_.get_extension = &find_extension;
  c_.log = [](const sealos_host* self, std::int32_t level, const char* text) {
    if (of(self).hooks_.log && text != nullptr) of(self).hooks_.log(level, printable(text, 4000));
  };
  c_.cancelled = [](const sealos_host* self) -> std::int32_t {
    return of(self).cancel_.cancelled() ? 1 : 0;
  };
  c_.cancel_fd = [](const sealos_host* self) -> std::int32_t { return of(self).cancel_.fd(); };
  c_.progress = [](const sealos_host* self, const char* what, std::int64_t done,
                   std::int64_t total) {
    if (of(self).hooks_.progress && what != nullptr) of(self).hooks_.progress(what, done, total);
  };
  c_.option = [](const sealos_host* self, const char* key) -> const char* {
    const Services& services = of(self);
    const auto at = services.options_.find(key);
    if (at == services.options_.end()) return nullptr;
    const std::lock_guard lock(services.mutex_);
    services.asked_.insert(at->first);
    return at->second.c_str();
  };
  c_.temp_dir = [](const sealos_host* self) { return of(self).hooks_.temp_dir.c_str(); };
  c_.credentials = &find_credentials;
}

bool Services::was_asked_for(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return asked_.contains(key);
}

bool Services::is_about_option(std::string_view message) const {
  const auto names = [&](std::string_view key) {
    constexpr std::string_view kOfKeys = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    const std::string text = " " + std::string(message) + " ";
    for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
      if (kOfKeys.find(text[at - 1]) == std::string_view::npos &&
          kOfKeys.find(text[at + key.size()]) == std::string_view::npos)
        return true;
    }
    return false;
  };
  const std::lock_guard lock(mutex_);
  return std::any_of(asked_.begin(), asked_.end(), names);
}

const void* Services::find_extension(const sealos_host* self, const char* id) {
  static constexpr sealos_registries kRegistries = {sizeof(sealos_registries), 0, &places_to_read,
                                                    &place_to_write};
  static constexpr sealos_signature_places kSignaturePlaces = {sizeof(sealos_signature_places), 0,
                                                               &find_signature_places};
  const Hooks& hooks = of(self).hooks_;
  const bool knows_places = hooks.places_to_read && hooks.place_to_write;
  if (knows_places && std::strcmp(id, SEALOS_REGISTRIES) == 0) return &kRegistries;
  if (hooks.signature_places && std::strcmp(id, SEALOS_SIGNATURE_PLACES) == 0)
    return &kSignaturePlaces;
  return nullptr;
}

sealos_status Services::places_to_read(const sealos_host* self, const char* name,
                                       sealos_emit_place emit, void* to, sealos_error* error) {
  sealos_status emitted = SEALOS_OK;
  const sealos_status status = sdk::guard(error, [&] {
    for (const sdk::RegistryPlace& place : of(self).hooks_.places_to_read(name)) {
      emitted = emit_place(emit, to, place);
      if (emitted != SEALOS_OK) break;
    }
  });
  return status != SEALOS_OK ? status : emitted;
}

sealos_status Services::place_to_write(const sealos_host* self, const char* name,
                                       sealos_emit_place emit, void* to, sealos_error* error) {
  sealos_status emitted = SEALOS_OK;
  const sealos_status status = sdk::guard(
      error, [&] { emitted = emit_place(emit, to, of(self).hooks_.place_to_write(name)); });
  return status != SEALOS_OK ? status : emitted;
}

sealos_status Services::find_signature_places(const sealos_host* self, const char* name,
                                              sealos_emit emit, void* to, sealos_error* error) {
  sealos_status emitted = SEALOS_OK;
  const sealos_status status = sdk::guard(error, [&] {
    const sdk::SignaturePlaces places = of(self).hooks_.signature_places(name);
    const auto send = [&](const char* label, const std::string& value) {
      if (emitted == SEALOS_OK) emitted = sdk::emit_item(emit, to, Item{label, value});
    };
    if (!places.read.empty()) send("read", places.read);
    if (!places.write.empty()) send("write", places.write);
    if (!places.configured) send("unconfigured", "");
    if (places.attachments) send("attachments", "");
  });
  return status != SEALOS_OK ? status : emitted;
}

sealos_status Services::find_credentials(const sealos_host* self, const char* scope,
                                         sealos_emit emit, void* to, sealos_error* error) {
  sealos_status answer = SEALOS_NOT_FOUND;
  const sealos_status status = sdk::guard(error, [&] {
    if (!of(self).hooks_.credentials) return;
    const auto found = find_login(of(self).hooks_, scope);
    if (!found) return;
    answer = SEALOS_OK;
    const auto send = [&](const char* label, const std::string& value) {
      if (answer == SEALOS_OK && !value.empty()) {
        answer = sdk::emit_item(emit, to, Item{label, value});
      }
    };
    send("username", found->username);
    send("password", found->password);
    send("identitytoken", found->identity_token);
    send("registrytoken", found->registry_token);
  });
  return status != SEALOS_OK ? status : answer;
}

}  // namespace sealos
