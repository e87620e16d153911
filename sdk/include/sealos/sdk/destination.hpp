// A plain class becomes a sealos_destination. std only.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sealos/abi.h"
#include "sealos/ext/draft/signature_check.h"
#include "sealos/ext/referrers.h"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos::sdk {

/// What a destination is opened for: a preview looks at what is there and writes nothing, wherever
/// that is (sealos_reference.open_preview).
enum class Intent { write, preview };

/// The class D has
///   Blob put_blob(const Blob& blob, Stream& from);     returns at least digest and size
///   void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
///   std::optional<std::string> commit(const Item& top);  returns the reference, if that is news
/// and, where it can,
///   static constexpr uint32_t kFlags = SEALOS_PARALLEL | ...;   or   uint32_t flags() const;
///   std::vector<std::string> manifest_types() const;   best first; absent or empty: any
///   std::vector<std::string> layer_compressions() const;   absent or empty: any
///   std::vector<std::string> signature_formats() const;    absent: any; empty: none
///   LayerCompression compression() const;               absent: preserve
///   std::optional<Blob> try_reuse(const Reuse& want);
///   void put_signatures(const std::optional<Digest>& instance, const std::vector<Item>& items);
///   void abort();
///   void put_referrer(const Item& manifest);            extension SEALOS_REFERRERS
///   std::vector<Referrer> list_referrers(const Digest& subject,
///                                        const std::optional<std::string>& artifact_type);
///                                                       the same, where D has put_referrer
///   void put_attached(const Digest& subject, const std::string& kind, const Item& manifest);
///                                                       the same, beside the former
///   void check_signatures(std::string_view format);     extension SEALOS_SIGNATURE_CHECK
///   const void* get_extension(const char* id);          all other extensions
/// A member that D does not have is NULL in C.
template <typename D>
class DestinationBox : public sealos_destination {
 public:
  /// The receiver owns what is returned.
  static sealos_destination* give(std::unique_ptr<D> object) {
    return new DestinationBox(std::move(object));
  }

 private:
  explicit DestinationBox(std::unique_ptr<D> made)
      : sealos_destination{}, object_(std::move(made)) {
    struct_size = sizeof(sealos_destination);
    if constexpr (requires { D::kFlags; }) flags = D::kFlags;
    if constexpr (requires { object_->flags(); }) flags = object_->flags();
    if constexpr (requires { object_->manifest_types(); })
      sealos_destination::manifest_types = types_.hold_unless_empty(object_->manifest_types());
    if constexpr (requires { object_->layer_compressions(); }) {
      sealos_destination::layer_compressions =
          compressions_.hold_unless_empty(object_->layer_compressions());
    }
    if constexpr (requires { object_->signature_formats(); })
      sealos_destination::signature_formats = formats_.hold(object_->signature_formats());
    if constexpr (requires { object_->compression(); }) {
      sealos_destination::compression = static_cast<std::int64_t>(object_->compression());
    }
    impl = this;
    release = [](sealos_destination* self) { delete static_cast<DestinationBox*>(self->impl); };
    sealos_destination::put_blob = [](sealos_destination* self, const sealos_blob* blob,
                                      sealos_stream* from, sealos_emit_blob emit, void* to,
                                      sealos_error* error) {
      sealos_status emitted = SEALOS_OK;
      const sealos_status status = guard(error, [&] {
        BorrowedStream stream(from);
        emitted = emit_blob(emit, to, object(self).put_blob(from_c(*blob), stream));
      });
      return status != SEALOS_OK ? status : emitted;
    };
    sealos_destination::put_manifest = [](sealos_destination* self, const char* instance,
                                          const sealos_item* manifest, sealos_error* error) {
      return guard(error,
                   [&] { object(self).put_manifest(instance_of(instance), from_c(*manifest)); });
    };
    sealos_destination::commit = [](sealos_destination* self, const sealos_item* top,
                                    sealos_emit emit, void* to, sealos_error* error) {
      sealos_status emitted = SEALOS_OK;
      const sealos_status status = guard(error, [&] {
        const std::optional<std::string> reference = object(self).commit(from_c(*top));
        if (reference && emit != nullptr)
          emitted = emit_item(emit, to, Item{"reference", *reference});
      });
      return status != SEALOS_OK ? status : emitted;
    };
    set_optional_members();
  }

  void set_optional_members() {
    if constexpr (requires(const Reuse& want) { object_->try_reuse(want); }) {
      sealos_destination::try_reuse = [](sealos_destination* self, const sealos_reuse* want,
                                         sealos_emit_blob emit, void* to, sealos_error* error) {
        sealos_status emitted = SEALOS_OK;
        const sealos_status status = guard(error, [&] {
          const std::optional<Blob> used = object(self).try_reuse(reuse_of(*want));
          emitted = used ? emit_blob(emit, to, *used) : SEALOS_NOT_FOUND;
        });
        return status != SEALOS_OK ? status : emitted;
      };
    }
    if constexpr (requires(std::optional<Digest> i, std::vector<Item> items) {
                    object_->put_signatures(i, items);
                  }) {
      sealos_destination::put_signatures = [](sealos_destination* self, const char* instance,
                                              const sealos_item* items, size_t count,
                                              sealos_error* error) {
        return guard(error, [&] {
          std::vector<Item> copies;
          for (size_t i = 0; i < count; ++i) copies.push_back(from_c(items[i]));
          object(self).put_signatures(instance_of(instance), copies);
        });
      };
    }
    if constexpr (requires { object_->abort(); }) {
      sealos_destination::abort = [](sealos_destination* self, sealos_error* error) {
        return guard(error, [&] { object(self).abort(); });
      };
    }
    if constexpr (kPutsReferrers || kChecksSignatures || kHasExtensions) {
      sealos_destination::get_extension = [](sealos_destination* self,
                                             const char* id) -> const void* {
        if constexpr (kPutsReferrers) {
          if (std::strcmp(id, SEALOS_REFERRERS) == 0) return &kReferrers;
        }
        if constexpr (kChecksSignatures) {
          if (std::strcmp(id, SEALOS_SIGNATURE_CHECK) == 0) return &kSignatureCheck;
        }
        if constexpr (kHasExtensions) return object(self).get_extension(id);
        return nullptr;
      };
    }
  }

  static constexpr bool kPutsReferrers = requires(D & d, const Item& item) {
    d.put_referrer(item);
  };
  static constexpr bool kListsReferrers =
      requires(D & d, const Digest& subject, const std::optional<std::string>& type) {
    d.list_referrers(subject, type);
  };
  static constexpr bool kChecksSignatures = requires(D & d) { d.check_signatures(""); };
  static constexpr bool kHasExtensions = requires(D & d, const char* id) { d.get_extension(id); };

  static sealos_status put_referrer(sealos_destination* self, const sealos_item* manifest,
                                    sealos_error* error) {
    return guard(error, [&] { object(self).put_referrer(from_c(*manifest)); });
  }
  static sealos_status list_referrers(sealos_destination* self, const char* subject,
                                      const char* artifact_type, sealos_emit emit, void* to,
                                      sealos_error* error) {
    return emit_referrers(object(self), subject, artifact_type, emit, to, error);
  }
  static sealos_status put_attached(sealos_destination* self, const char* subject, const char* kind,
                                    const sealos_item* manifest, sealos_error* error) {
    return guard(error, [&] {
      object(self).put_attached(Digest::require(subject), text_or_empty(kind), from_c(*manifest));
    });
  }
  static constexpr sealos_destination_referrers kReferrers = [] {
    sealos_destination_referrers out{sizeof(sealos_destination_referrers), 0, nullptr, nullptr,
                                     nullptr};
    if constexpr (kPutsReferrers) out.put = &put_referrer;
    if constexpr (kListsReferrers) out.list = &list_referrers;
    if constexpr (requires(D & d, const Digest& subject, const std::string& kind,
                           const Item& item) { d.put_attached(subject, kind, item); })
      out.put_attached = &put_attached;
    return out;
  }();
  static sealos_status check_format(sealos_destination* self, const char* format,
                                    sealos_error* error) {
    return guard(error, [&] { object(self).check_signatures(format); });
  }
  static constexpr sealos_signature_check kSignatureCheck = [] {
    sealos_signature_check out{sizeof(sealos_signature_check), 0, nullptr};
    if constexpr (kChecksSignatures) out.check = &check_format;
    return out;
  }();

  static D& object(sealos_destination* self) {
    return *static_cast<DestinationBox*>(self->impl)->object_;
  }
  static std::optional<Digest> instance_of(const char* instance) {
    if (instance == nullptr) return std::nullopt;
    return Digest::require(instance);
  }
  static Reuse reuse_of(const sealos_reuse& c) {
    Reuse want;
    want.blob = from_c(*c.blob);
    if (c.candidates != nullptr) {
      for (const sealos_blob* const* at = c.candidates; *at != nullptr; ++at)
        want.candidates.push_back(from_c(**at));
    }
    if (c.compression != nullptr) want.compression = c.compression;
    return want;
  }

  std::unique_ptr<D> object_;
  TextList types_, compressions_, formats_;
};

}  // namespace sealos::sdk
