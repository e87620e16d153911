// A plain class becomes a sealos_source. std only.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sealos/abi.h"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::sdk {

/// The class S has
///   Item read_manifest(const std::optional<Digest>& instance);
///   std::unique_ptr<Stream> open_blob(const Blob& blob, int64_t offset, int64_t length);
/// and, where it can,
///   static constexpr uint32_t kFlags = SEALOS_PARALLEL | ...;   or   uint32_t flags() const;
///   std::vector<Item> read_signatures(const std::optional<Digest>& instance);
///   std::vector<Blob> layer_infos(const std::optional<Digest>& instance);
///   std::vector<Referrer> list_referrers(const Digest& subject,
///                                        const std::optional<std::string>& artifact_type);
///                                                       extension SEALOS_REFERRERS
///   std::vector<Attached> list_attached(const Digest& subject);      the same, beside the former
///   const void* get_extension(const char* id);          all other extensions
/// A member that S does not have is NULL in C.
template <typename S>
class SourceBox : public sealos_source {
 public:
  /// The receiver owns what is returned.
  static sealos_source* give(std::unique_ptr<S> object) { return new SourceBox(std::move(object)); }

 private:
  explicit SourceBox(std::unique_ptr<S> made) : sealos_source{}, object_(std::move(made)) {
    struct_size = sizeof(sealos_source);
    if constexpr (requires { S::kFlags; }) flags = S::kFlags;
    if constexpr (requires { object_->flags(); }) flags = object_->flags();
    impl = this;
    release = [](sealos_source* self) { delete static_cast<SourceBox*>(self->impl); };
    sealos_source::read_manifest = [](sealos_source* self, const char* instance, sealos_emit emit,
                                      void* to, sealos_error* error) {
      sealos_status emitted = SEALOS_OK;
      const sealos_status status = guard(error, [&] {
        emitted = emit_item(emit, to, object(self).read_manifest(instance_of(instance)));
      });
      return status != SEALOS_OK ? status : emitted;
    };
    sealos_source::open_blob = [](sealos_source* self, const sealos_blob* blob, std::int64_t offset,
                                  std::int64_t length, sealos_stream** out, sealos_error* error) {
      return guard(error, [&] {
        *out = StreamBox::give(object(self).open_blob(from_c(*blob), offset, length));
      });
    };
    if constexpr (requires(std::optional<Digest> i) { object_->read_signatures(i); }) {
      sealos_source::read_signatures = [](sealos_source* self, const char* instance,
                                          sealos_emit emit, void* to, sealos_error* error) {
        sealos_status emitted = SEALOS_OK;
        const sealos_status status = guard(error, [&] {
          for (const Item& item : object(self).read_signatures(instance_of(instance))) {
            emitted = emit_item(emit, to, item);
            if (emitted != SEALOS_OK) break;
          }
        });
        return status != SEALOS_OK ? status : emitted;
      };
    }
    if constexpr (requires(std::optional<Digest> i) { object_->layer_infos(i); }) {
      sealos_source::layer_infos = [](sealos_source* self, const char* instance,
                                      sealos_emit_blob emit, void* to, sealos_error* error) {
        sealos_status emitted = SEALOS_OK;
        const sealos_status status = guard(error, [&] {
          for (const Blob& blob : object(self).layer_infos(instance_of(instance))) {
            emitted = emit_blob(emit, to, blob);
            if (emitted != SEALOS_OK) break;
          }
        });
        return status != SEALOS_OK ? status : emitted;
      };
    }
    if constexpr (kListsReferrers || kHasExtensions) {
      sealos_source::get_extension = [](sealos_source* self, const char* id) -> const void* {
        if constexpr (kListsReferrers) {
          if (std::strcmp(id, SEALOS_REFERRERS) == 0) return &kReferrers;
        }
        if constexpr (kHasExtensions) return object(self).get_extension(id);
        return nullptr;
      };
    }
  }

  static constexpr bool kListsReferrers =
      requires(S & s, const Digest& subject, const std::optional<std::string>& type) {
    s.list_referrers(subject, type);
  };
  static constexpr bool kHasExtensions = requires(S & s, const char* id) { s.get_extension(id); };

  static sealos_status list_referrers(sealos_source* self, const char* subject,
                                      const char* artifact_type, sealos_emit emit, void* to,
                                      sealos_error* error) {
    return emit_referrers(object(self), subject, artifact_type, emit, to, error);
  }
  static sealos_status list_attached(sealos_source* self, const char* subject, sealos_emit emit,
                                     void* to, sealos_error* error) {
    sealos_status emitted = SEALOS_OK;
    const sealos_status status = guard(error, [&] {
      for (const Attached& one : object(self).list_attached(Digest::require(subject))) {
        emitted = emit_item(emit, to, Item{one.kind, one.descriptor});
        if (emitted != SEALOS_OK) break;
      }
    });
    return status != SEALOS_OK ? status : emitted;
  }
  static constexpr sealos_source_referrers kReferrers = [] {
    sealos_source_referrers out{sizeof(sealos_source_referrers), 0, nullptr, nullptr};
    if constexpr (kListsReferrers) out.list = &list_referrers;
    if constexpr (requires(S & s, const Digest& subject) { s.list_attached(subject); })
      out.list_attached = &list_attached;
    return out;
  }();

  static S& object(sealos_source* self) { return *static_cast<SourceBox*>(self->impl)->object_; }
  static std::optional<Digest> instance_of(const char* instance) {
    if (instance == nullptr) return std::nullopt;
    return Digest::require(instance);
  }

  std::unique_ptr<S> object_;
};

}  // namespace sealos::sdk
