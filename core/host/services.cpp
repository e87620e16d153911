#include "core/host/services.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/host/install_paths.hpp"
#include "sealos/sdk/guard.hpp"

namespace sealos {

CancelToken::CancelToken() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CancelToken::~CancelToken() {
  if (fd_ >= 0) ::close(fd_);
}

void CancelToken::cancel() noexcept {
  cancelled_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(fd_, &one, sizeof(one));
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
  c_.get_extension = [](const sealos_host*, const char*) -> const void* { return nullptr; };
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

sealos_status Services::find_credentials(const sealos_host* self, const char* scope,
                                         sealos_emit emit, void* to, sealos_error* error) {
  sealos_status answer = SEALOS_NOT_FOUND;
  const sealos_status status = sdk::guard(error, [&] {
    if (!of(self).hooks_.credentials) return;
    const auto found = of(self).hooks_.credentials(scope);
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
