// Owners of what GLib gives, and its errors as exceptions.
#pragma once

#include <gio/gio.h>

#include <memory>
#include <string>
#include <string_view>

#include "sealos/sdk/error.hpp"

namespace sealos::ostree {

struct GFree {
  void operator()(void* memory) const { g_free(memory); }
};
struct ObjectUnref {
  void operator()(gpointer object) const { g_object_unref(object); }
};
struct VariantUnref {
  void operator()(GVariant* variant) const { g_variant_unref(variant); }
};
struct TableUnref {
  void operator()(GHashTable* table) const { g_hash_table_unref(table); }
};

template <typename T>
using Owned = std::unique_ptr<T, ObjectUnref>;
using OwnedText = std::unique_ptr<char, GFree>;
using OwnedTable = std::unique_ptr<GHashTable, TableUnref>;
using Variant = std::unique_ptr<GVariant, VariantUnref>;

/// Takes a new variant, floating or not, or nullptr.
inline Variant own(GVariant* variant) {
  return Variant(variant == nullptr ? nullptr : g_variant_take_ref(variant));
}

/// Receives what a C function gives through a pointer to a pointer.
template <typename Owner>
class Out {
 public:
  using Pointer = typename Owner::pointer;
  explicit Out(Owner& owner) : owner_(owner) {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  ~Out() { owner_.reset(pointer_); }
  operator Pointer*() { return &pointer_; }

 private:
  Owner& owner_;
  Pointer pointer_ = nullptr;
};

/// Receives the error of one call: pass out(), then give what the call returned to check().
class GlibError {
 public:
  GlibError() = default;
  GlibError(const GlibError&) = delete;
  GlibError& operator=(const GlibError&) = delete;
  ~GlibError() {
    if (error_ != nullptr) g_error_free(error_);
  }
  GError** out() { return &error_; }
  /// Throws unless the call went well: "doing: what GLib says".
  void check(bool well, Status status, std::string_view doing) const {
    if (!well) raise(status, doing);
  }
  [[noreturn]] void raise(Status status, std::string_view doing) const {
    const std::string why = error_ == nullptr ? "it failed without saying why" : error_->message;
    throw Error(status, std::string(doing) + ": " + printable(why, 2000));
  }

 private:
  GError* error_ = nullptr;
};

}  // namespace sealos::ostree
