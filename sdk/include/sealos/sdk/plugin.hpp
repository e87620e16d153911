// The entry of a plugin: plain classes become the one exported symbol. std only.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "sealos/abi.h"
#include "sealos/ext/draft/names.h"
#include "sealos/ext/login.h"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/reference.hpp"

namespace sealos::sdk {

/// The class T has
///   static constexpr const char* kName = "dir";
///   static std::unique_ptr<R> parse_reference(Host host, std::string_view details);
/// and, where it can,
///   static constexpr const char* kOptions[] = {"dir.mode", "what it means", nullptr};
///   static constexpr uint32_t kCapabilities = SEALOS_CAN_LIST | ...;   added to what R shows
///   static void check_policy_scope(std::string_view scope);
///   static void check_login(Host host, std::string_view scope);     extension SEALOS_LOGIN
///   static std::vector<std::string> list_names(Host host);          extension SEALOS_NAMES
/// R is as reference.hpp says.
template <typename T>
struct TransportOf {
  using Reference = typename decltype(T::parse_reference(
      std::declval<Host>(), std::declval<std::string_view>()))::element_type;

  static constexpr std::uint32_t capabilities() {
    std::uint32_t can = 0;
    if constexpr (requires(const Reference& r, Host h) { r.open_source(h); })
      can |= SEALOS_CAN_READ;
    if constexpr (requires(const Reference& r, Host h) { r.open_destination(h); })
      can |= SEALOS_CAN_WRITE;
    if constexpr (requires(const Reference& r, Host h, const std::optional<Digest>& instance,
                           const std::vector<Item>& items) {
                    r.open_destination(h)->put_signatures(instance, items);
                  }) {
      can |= SEALOS_CAN_SIGN;
    }
    if constexpr (requires(const Reference& r, Host h) { r.list_tags(h); }) can |= SEALOS_CAN_LIST;
    if constexpr (
        requires(const Reference& r, Host h) { r.remove(h); } ||
        requires(const Reference& r, Host h) { r.remove(h, 0u); }) {
      can |= SEALOS_CAN_REMOVE;
    }
    if constexpr (requires { T::kCapabilities; }) can |= T::kCapabilities;
    return can;
  }

  static constexpr const char* const* options() {
    if constexpr (requires { T::kOptions; }) return T::kOptions;
    return nullptr;
  }

  static sealos_status parse(const sealos_transport*, const sealos_host* host, const char* details,
                             sealos_reference** out, sealos_error* error) {
    return guard(error, [&] {
      *out = ReferenceBox<Reference>::give(T::parse_reference(Host(host), details));
    });
  }

  static sealos_status check_scope([[maybe_unused]] const sealos_transport* self,
                                   [[maybe_unused]] const char* scope,
                                   [[maybe_unused]] sealos_error* error) {
    if constexpr (requires { T::check_policy_scope(std::string_view()); }) {
      return guard(error, [&] { T::check_policy_scope(scope); });
    }
    return SEALOS_OK;
  }

  static sealos_status check_login([[maybe_unused]] const sealos_host* host,
                                   [[maybe_unused]] const char* scope,
                                   [[maybe_unused]] sealos_error* error) {
    if constexpr (kChecksLogin) {
      return guard(error, [&] { T::check_login(Host(host), scope); });
    }
    return SEALOS_UNSUPPORTED;
  }
  static sealos_status list_names([[maybe_unused]] const sealos_host* host,
                                  [[maybe_unused]] sealos_emit emit, [[maybe_unused]] void* to,
                                  [[maybe_unused]] sealos_error* error) {
    sealos_status emitted = SEALOS_OK;
    if constexpr (kListsNames) {
      const sealos_status status = guard(error, [&] {
        for (const std::string& name : T::list_names(Host(host))) {
          emitted = emit_item(emit, to, Item{name, {}});
          if (emitted != SEALOS_OK) break;
        }
      });
      return status != SEALOS_OK ? status : emitted;
    }
    return SEALOS_UNSUPPORTED;
  }
  static const void* find_extension(const sealos_transport*, const char* id) {
    if (kChecksLogin && std::strcmp(id, SEALOS_LOGIN) == 0) return &kLogin;
    if (kListsNames && std::strcmp(id, SEALOS_NAMES) == 0) return &kNames;
    return nullptr;
  }

  static constexpr bool kChecksLogin = requires(Host host) {
    T::check_login(host, std::string_view());
  };
  static constexpr bool kListsNames = requires(Host host) { T::list_names(host); };
  static constexpr sealos_login kLogin = {sizeof(sealos_login), 0, &check_login};
  static constexpr sealos_names kNames = {sizeof(sealos_names), 0, &list_names};
  static constexpr bool kChecksScope = requires { T::check_policy_scope(std::string_view()); };

  static constexpr sealos_transport value = {
      sizeof(sealos_transport),
      capabilities(),
      T::kName,
      options(),
      &parse,
      kChecksScope ? &check_scope : nullptr,
      kChecksLogin || kListsNames ? &find_extension : nullptr};
};

template <typename... T>
struct PluginOf {
  static constexpr const sealos_transport* transports[] = {&TransportOf<T>::value..., nullptr};

  static constexpr sealos_plugin make(const char* name, const char* version) {
    return {sizeof(sealos_plugin), SEALOS_ABI_MINOR, name, version, nullptr, transports};
  }
};

}  // namespace sealos::sdk

/// Once in a plugin, at namespace scope: its name, its version, and its transports' classes.
#define SEALOS_PLUGIN(name, version, ...)                        \
  extern "C" SEALOS_EXPORT const sealos_plugin sealos_plugin_v1; \
  extern "C" constexpr sealos_plugin sealos_plugin_v1 =          \
      ::sealos::sdk::PluginOf<__VA_ARGS__>::make(name, version)
