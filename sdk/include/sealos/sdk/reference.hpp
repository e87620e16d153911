// A plain class becomes a sealos_reference. std only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sealos/abi.h"
#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/source.hpp"

namespace sealos::sdk {

/// The class R is immutable and has
///   std::string canonical() const;
/// and, where it can,
///   std::optional<std::string> docker_name() const;
///   std::string policy_identity() const;
///   std::vector<std::string> policy_namespaces() const;
///   std::optional<std::string> cache_scope() const;
///   std::unique_ptr<S> open_source(Host host) const;            S as source.hpp says
///   std::unique_ptr<D> open_destination(Host host) const;       D as destination.hpp says
///   std::unique_ptr<D> open_preview(Host host) const;           made for Intent::preview
///   std::vector<std::string> list_tags(Host host) const;
///   void remove(Host host) const;   or, if it knows any flags,   void remove(Host, uint32_t)
///   const; const void* get_extension(const char* id) const;
/// A member that R does not have is NULL in C.
template <typename R>
class ReferenceBox : public sealos_reference {
 public:
  /// The receiver owns what is returned.
  static sealos_reference* give(std::unique_ptr<R> object) {
    return new ReferenceBox(std::move(object));
  }

 private:
  explicit ReferenceBox(std::unique_ptr<R> made) : sealos_reference{}, object_(std::move(made)) {
    struct_size = sizeof(sealos_reference);
    impl = this;
    release = [](sealos_reference* self) { delete static_cast<ReferenceBox*>(self->impl); };
    set_names();
    set_functions();
  }

  void set_names() {
    canonical_ = object_->canonical();
    sealos_reference::canonical = canonical_.c_str();
    if constexpr (requires { object_->docker_name(); }) docker_name_ = object_->docker_name();
    if (docker_name_) sealos_reference::docker_name = docker_name_->c_str();
    if constexpr (requires { object_->policy_identity(); })
      policy_identity_ = object_->policy_identity();
    sealos_reference::policy_identity = policy_identity_.c_str();
    if constexpr (requires { object_->policy_namespaces(); })
      sealos_reference::policy_namespaces = policy_namespaces_.hold(object_->policy_namespaces());
    if constexpr (requires { object_->cache_scope(); }) cache_scope_ = object_->cache_scope();
    if (cache_scope_) sealos_reference::cache_scope = cache_scope_->c_str();
  }

  void set_functions() {
    if constexpr (requires(Host host) { object_->open_source(host); }) {
      sealos_reference::open_source = [](const sealos_reference* self, const sealos_host* host,
                                         sealos_source** out, sealos_error* error) {
        return guard(error, [&] { *out = give_source(object(self).open_source(Host(host))); });
      };
    }
    if constexpr (requires(Host host) { object_->open_destination(host); }) {
      sealos_reference::open_destination = [](const sealos_reference* self, const sealos_host* host,
                                              sealos_destination** out, sealos_error* error) {
        return guard(error,
                     [&] { *out = give_destination(object(self).open_destination(Host(host))); });
      };
    }
    if constexpr (requires(Host host) { object_->open_preview(host); }) {
      sealos_reference::open_preview = [](const sealos_reference* self, const sealos_host* host,
                                          sealos_destination** out, sealos_error* error) {
        return guard(error,
                     [&] { *out = give_destination(object(self).open_preview(Host(host))); });
      };
    }
    if constexpr (requires(Host host) { object_->list_tags(host); }) {
      sealos_reference::list_tags = [](const sealos_reference* self, const sealos_host* host,
                                       sealos_emit emit, void* to, sealos_error* error) {
        sealos_status emitted = SEALOS_OK;
        const sealos_status status = guard(error, [&] {
          for (const std::string& tag : object(self).list_tags(Host(host))) {
            emitted = emit_item(emit, to, Item{tag, {}});
            if (emitted != SEALOS_OK) break;
          }
        });
        return status != SEALOS_OK ? status : emitted;
      };
    }
    if constexpr (kRemoves || kRemovesWithFlags) {
      sealos_reference::remove = [](const sealos_reference* self, const sealos_host* host,
                                    std::uint32_t how, sealos_error* error) {
        return guard(error, [&] {
          const std::uint32_t known = kRemovesWithFlags ? SEALOS_REMOVE_ONLY_INDEX : 0;
          if ((how & ~known) != 0) throw Error(Status::unsupported, "it cannot be removed so");
          if constexpr (kRemovesWithFlags) {
            object(self).remove(Host(host), how);
          } else {
            object(self).remove(Host(host));
          }
        });
      };
    }
    if constexpr (requires(const char* id) { object_->get_extension(id); }) {
      sealos_reference::get_extension = [](const sealos_reference* self,
                                           const char* id) -> const void* {
        return object(self).get_extension(id);
      };
    }
  }

  static constexpr bool kRemoves = requires(const R& r, Host host) { r.remove(host); };
  static constexpr bool kRemovesWithFlags = requires(const R& r, Host host, std::uint32_t how) {
    r.remove(host, how);
  };

  template <typename S>
  static sealos_source* give_source(std::unique_ptr<S> source) {
    return SourceBox<S>::give(std::move(source));
  }
  template <typename D>
  static sealos_destination* give_destination(std::unique_ptr<D> destination) {
    return DestinationBox<D>::give(std::move(destination));
  }
  static const R& object(const sealos_reference* self) {
    return *static_cast<ReferenceBox*>(self->impl)->object_;
  }

  std::unique_ptr<R> object_;
  std::string canonical_, policy_identity_;
  std::optional<std::string> docker_name_, cache_scope_;
  TextList policy_namespaces_;
};

}  // namespace sealos::sdk
