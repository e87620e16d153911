// A host for tests of plugins: options and credentials are set by the test, logs are kept.
#pragma once

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/registries.hpp"
#include "sealos/sdk/signature_places.hpp"

namespace sealos::testing {

class FakeHost {
 public:
  FakeHost() {
    c_.struct_size = sizeof(c_);
    c_.abi_minor = SEALOS_ABI_MINOR;
    c_.name = "sealos-test";
    c_.version = "0";
    c_.impl = this;
    c_.get_extension = [](const sealos_host* self, const char* id) -> const void* {
      static constexpr sealos_signature_places kSignatures = {sizeof(sealos_signature_places), 0,
                                                              &emit_signature_places};
      if (std::strcmp(id, SEALOS_SIGNATURE_PLACES) == 0)
        return of(self).signatures ? &kSignatures : nullptr;
      static constexpr sealos_registries kRegistries = {sizeof(sealos_registries), 0, &emit_places,
                                                        &emit_places};
      return std::strcmp(id, SEALOS_REGISTRIES) == 0 ? &kRegistries : nullptr;
    };
    c_.log = [](const sealos_host* self, std::int32_t, const char* text) {
      FakeHost& host = of(self);
      const std::lock_guard lock(host.mutex_);
      host.logs.emplace_back(text);
    };
    c_.cancelled = [](const sealos_host* self) -> std::int32_t { return of(self).cancel ? 1 : 0; };
    c_.cancel_fd = [](const sealos_host*) -> std::int32_t { return -1; };
    c_.progress = [](const sealos_host*, const char*, std::int64_t, std::int64_t) {};
    c_.option = [](const sealos_host* self, const char* key) -> const char* {
      const auto at = of(self).options.find(key);
      return at == of(self).options.end() ? nullptr : at->second.c_str();
    };
    c_.temp_dir = [](const sealos_host*) { return "/tmp"; };
    c_.credentials = [](const sealos_host* self, const char*, sealos_emit emit, void* to,
                        sealos_error*) -> sealos_status {
      const auto& known = of(self).credentials;
      if (!known) return SEALOS_NOT_FOUND;
      sdk::emit_item(emit, to, {"username", known->username});
      sdk::emit_item(emit, to, {"password", known->password});
      if (!known->identity_token.empty())
        sdk::emit_item(emit, to, {"identitytoken", known->identity_token});
      if (!known->registry_token.empty())
        sdk::emit_item(emit, to, {"registrytoken", known->registry_token});
      return SEALOS_OK;
    };
  }

  sdk::Host host() const { return sdk::Host(&c_); }
  const sealos_host* c() const { return &c_; }

  std::map<std::string, std::string> options;
  std::optional<sdk::Credentials> credentials;
  /// What registries.conf says of a name; of one that is not here it says nothing.
  std::map<std::string, std::vector<sdk::RegistryPlace>> places;
  /// What registries.d says of every image.
  std::optional<sdk::SignaturePlaces> signatures;
  std::atomic<bool> cancel = false;
  std::vector<std::string> logs;

 private:
  static FakeHost& of(const sealos_host* self) { return *static_cast<FakeHost*>(self->impl); }
  static sealos_status emit_places(const sealos_host* self, const char* name,
                                   sealos_emit_place emit, void* to, sealos_error* error) {
    const auto found = of(self).places.find(name);
    if (found == of(self).places.end()) return SEALOS_OK;
    return sdk::guard(error, [&] {
      if (found->second.empty()) throw Error(Status::denied, "registry is blocked");
      for (const sdk::RegistryPlace& place : found->second) {
        const std::uint32_t flags = place.insecure ? std::uint32_t{SEALOS_PLACE_INSECURE} : 0u;
        const sealos_registry_place c{sizeof(c), flags, place.name.c_str()};
        emit(to, &c);
      }
    });
  }

  static sealos_status emit_signature_places(const sealos_host* self, const char*, sealos_emit emit,
                                             void* to, sealos_error*) {
    const sdk::SignaturePlaces& known = *of(self).signatures;
    if (!known.read.empty()) sdk::emit_item(emit, to, {"read", known.read});
    if (!known.write.empty()) sdk::emit_item(emit, to, {"write", known.write});
    if (!known.configured) sdk::emit_item(emit, to, {"unconfigured", ""});
    if (known.attachments) sdk::emit_item(emit, to, {"attachments", ""});
    return SEALOS_OK;
  }

  sealos_host c_{};
  std::mutex mutex_;
};

}  // namespace sealos::testing
