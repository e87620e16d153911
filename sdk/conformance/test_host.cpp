#include "test_host.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "sealos/sdk/types.hpp"

namespace sealos::conformance {

TestHost::TestHost(std::map<std::string, std::string> options)
    : options(std::move(options)), cancel_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  sealos_host& c = c_.host;
  c.struct_size = sizeof(sealos_host);
  c.abi_minor = SEALOS_ABI_MINOR;
  c.name = "sealos-conformance";
  c.version = "1";
  c.impl = this;
  c.get_extension = [](const sealos_host*, const char*) -> const void* { return nullptr; };
  c.log = [](const sealos_host* self, std::int32_t, const char* text) { of(self).note(text); };
  c.cancelled = [](const sealos_host* self) -> std::int32_t { return of(self).cancelled_ ? 1 : 0; };
  c.cancel_fd = [](const sealos_host* self) -> std::int32_t { return of(self).cancel_fd_; };
  c.progress = [](const sealos_host* self, const char* what, std::int64_t, std::int64_t) {
    of(self).note(what);
  };
  c.option = [](const sealos_host* self, const char* key) -> const char* {
    TestHost& host = of(self);
    const std::lock_guard lock(host.mutex_);
    host.asked_.insert(key);
    const auto at = host.options.find(key);
    return at == host.options.end() ? nullptr : at->second.c_str();
  };
  c.temp_dir = [](const sealos_host* self) { return of(self).temp_dir.c_str(); };
  c.credentials = &credentials;
}

TestHost::~TestHost() {
  if (cancel_fd_ >= 0) ::close(cancel_fd_);
}

void TestHost::become_newer() {
  c_.host.struct_size = sizeof(Newer);
  c_.host.abi_minor = SEALOS_ABI_MINOR + 7;
  c_.later = [] {};
  for (auto& word : c_.more) word = ~std::uint64_t{0};
}

void TestHost::cancel() {
  cancelled_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(cancel_fd_, &one, sizeof(one));
}

void TestHost::note(const char* text) {
  const std::lock_guard lock(mutex_);
  said_.emplace_back(text == nullptr ? "" : text);
}

std::set<std::string> TestHost::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

std::vector<std::string> TestHost::said() const {
  const std::lock_guard lock(mutex_);
  return said_;
}

sealos_status TestHost::credentials(const sealos_host* self, const char*, sealos_emit emit,
                                    void* to, sealos_error*) {
  const TestHost& host = of(self);
  if (host.username.empty()) return SEALOS_NOT_FOUND;
  const sealos_status status = sdk::emit_item(emit, to, {"username", host.username});
  if (status != SEALOS_OK) return status;
  return sdk::emit_item(emit, to, {"password", host.password});
}

}  // namespace sealos::conformance
