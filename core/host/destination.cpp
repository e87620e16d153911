#include "core/host/destination.hpp"

#include <algorithm>

#include "core/host/checked.hpp"
#include "core/host/listed_referrers.hpp"
#include "sealos/ext/draft/ordered_blobs.h"

namespace sealos {
namespace {

sealos_item view(const Item& item) {
  return {item.label.c_str(), item.data.data(), item.data.size()};
}

sealos_status keep_blob(void* to, const sealos_blob* blob) {
  return sdk::guard(nullptr, [&] { *static_cast<std::optional<Blob>*>(to) = sdk::from_c(*blob); });
}

/// What a plugin reads from, which is the engine's.
class EngineStream final : public Stream {
 public:
  explicit EngineStream(Stream& from) : from_(from) {}
  size_t read(std::span<std::byte> into) override {
    const OutsidePlugin here;
    return from_.read(into);
  }
  std::int64_t size() const override { return from_.size(); }
  int fd() const override { return from_.fd(); }

 private:
  Stream& from_;
};

}  // namespace

Destination::Destination(sealos_destination* c, std::string plugin)
    : c_(nullptr), plugin_(std::move(plugin)) {
  check_size(plugin_, "sealos_destination", c, c == nullptr ? 0 : c->struct_size,
             SEALOS_SIZE_WITH(sealos_destination, get_extension));
  check_member(plugin_, "sealos_destination.put_blob", reinterpret_cast<const void*>(c->put_blob));
  check_member(plugin_, "sealos_destination.put_manifest",
               reinterpret_cast<const void*>(c->put_manifest));
  check_member(plugin_, "sealos_destination.commit", reinterpret_cast<const void*>(c->commit));
  c_.reset(c);
}

Destination::~Destination() {
  const InPlugin here(plugin_);
  c_.reset();
}

bool Destination::ordered() const {
  if (c_->get_extension == nullptr || parallel()) return false;
  return contained(plugin_, "get_extension",
                   [&] { return c_->get_extension(c_.get(), SEALOS_ORDERED_BLOBS); }) != nullptr;
}

std::vector<std::string> Destination::manifest_types() const {
  return sdk::texts_of(c_->manifest_types).value_or(std::vector<std::string>());
}

std::optional<std::vector<std::string>> Destination::layer_compressions() const {
  return sdk::texts_of(c_->layer_compressions);
}

std::optional<std::vector<std::string>> Destination::signature_formats() const {
  if (c_->put_signatures == nullptr) return std::vector<std::string>();
  return sdk::texts_of(c_->signature_formats);
}

LayerCompression Destination::compression() const {
  if (c_->compression < SEALOS_PRESERVE || c_->compression > SEALOS_DECOMPRESS) {
    return LayerCompression::preserve;
  }
  return static_cast<LayerCompression>(c_->compression);
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  const sdk::BlobView blob_view(blob);
  EngineStream engine(from);
  sdk::StreamBox stream(engine);
  std::optional<Blob> stored;
  checked(plugin_, "put_blob", [&](sealos_error* error) {
    return c_->put_blob(c_.get(), blob_view.c(), &stream, &keep_blob, &stored, error);
  });
  if (!stored || !stored->digest || stored->size < 0) {
    throw broken_contract(plugin_, "stored a blob without saying its digest and size");
  }
  if (blob.digest && *blob.digest != *stored->digest) {
    throw broken_contract(plugin_,
                          "stored blob " + blob.digest->str() + " as " + stored->digest->str());
  }
  return *std::move(stored);
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (c_->try_reuse == nullptr) return std::nullopt;
  const sdk::BlobView blob_view(want.blob);
  std::vector<std::unique_ptr<sdk::BlobView>> views;
  std::vector<const sealos_blob*> candidates;
  for (const Blob& candidate : want.candidates) {
    views.push_back(std::make_unique<sdk::BlobView>(candidate));
    candidates.push_back(views.back()->c());
  }
  candidates.push_back(nullptr);
  const sealos_reuse c{sizeof(sealos_reuse), 0, blob_view.c(), candidates.data(),
                       want.compression ? want.compression->c_str() : nullptr};
  std::optional<Blob> used;
  sdk::ErrorSlot error;
  const sealos_status status = contained(plugin_, "try_reuse", [&] {
    return c_->try_reuse(c_.get(), &c, &keep_blob, &used, error.out());
  });
  if (status == SEALOS_NOT_FOUND) return std::nullopt;
  if (status != SEALOS_OK) throw failure(plugin_, "try_reuse", status, error);
  if (!used || !used->digest) throw broken_contract(plugin_, "reused a blob without saying which");
  return used;
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  const sealos_item item = view(manifest);
  checked(plugin_, "put_manifest", [&](sealos_error* error) {
    return c_->put_manifest(c_.get(), c_str(instance), &item, error);
  });
}

void Destination::put_signatures(const std::optional<Digest>& instance,
                                 const std::vector<Item>& items) {
  std::vector<sealos_item> views;
  for (const Item& item : items) views.push_back(view(item));
  checked(plugin_, "put_signatures", [&](sealos_error* error) {
    return c_->put_signatures(c_.get(), c_str(instance), views.data(), views.size(), error);
  });
}

void Destination::check_signatures(const std::string& format) {
  if (const auto all = signature_formats();
      all && std::find(all->begin(), all->end(), format) == all->end())
    throw Error(Status::unsupported, "signatures of the format " + format + " are not stored");
  if (c_->get_extension == nullptr) return;
  const auto* found =
      static_cast<const sealos_signature_check*>(contained(plugin_, "get_extension", [&] {
        return c_->get_extension(c_.get(), SEALOS_SIGNATURE_CHECK);
      }));
  if (found == nullptr || !SEALOS_HAS(found, sealos_signature_check, check)) return;
  checked(plugin_, "check of signatures",
          [&](sealos_error* error) { return found->check(c_.get(), format.c_str(), error); });
}

const sealos_destination_referrers* Destination::referrers() const {
  if (c_->get_extension == nullptr) return nullptr;
  const auto* found = static_cast<const sealos_destination_referrers*>(contained(
      plugin_, "get_extension", [&] { return c_->get_extension(c_.get(), SEALOS_REFERRERS); }));
  return found != nullptr && SEALOS_HAS(found, sealos_destination_referrers, put) ? found : nullptr;
}

void Destination::put_referrer(const Item& manifest) {
  const sealos_destination_referrers* known = referrers();
  if (known == nullptr)
    throw Error(Status::unsupported, "the destination stores nothing that refers to its images");
  const sealos_item item = view(manifest);
  checked(plugin_, "put of a referrer",
          [&](sealos_error* error) { return known->put(c_.get(), &item, error); });
}

std::optional<std::vector<Referrer>> Destination::list_referrers(
    const Digest& subject, const std::optional<std::string>& artifact_type) {
  const sealos_destination_referrers* known = referrers();
  if (known == nullptr || !SEALOS_HAS(known, sealos_destination_referrers, list))
    return std::nullopt;
  return listed_referrers(plugin_, [&](sealos_emit emit, void* to, sealos_error* error) {
    return known->list(c_.get(), subject.str().c_str(),
                       artifact_type ? artifact_type->c_str() : nullptr, emit, to, error);
  });
}

bool Destination::stores_attached() const {
  const sealos_destination_referrers* known = referrers();
  return known != nullptr && SEALOS_HAS(known, sealos_destination_referrers, put_attached);
}

void Destination::put_attached(const Digest& subject, const std::string& kind,
                               const Item& manifest) {
  const sealos_destination_referrers* known = referrers();
  if (!stores_attached())
    throw Error(Status::unsupported, "the destination stores nothing beside its images");
  const sealos_item item = view(manifest);
  checked(plugin_, "put of what is attached", [&](sealos_error* error) {
    return known->put_attached(c_.get(), subject.str().c_str(), kind.c_str(), &item, error);
  });
}

std::optional<std::string> Destination::commit(const Item& top) {
  const sealos_item item = view(top);
  std::optional<std::string> reference;
  checked(plugin_, "commit", [&](sealos_error* error) {
    return c_->commit(
        c_.get(), &item,
        [](void* to, const sealos_item* said) -> sealos_status {
          return sdk::guard(nullptr, [&] {
            if (sdk::text_or_empty(said->label) == "reference") {
              *static_cast<std::optional<std::string>*>(to) = sdk::from_c(*said).data;
            }
          });
        },
        &reference, error);
  });
  return reference;
}

std::optional<Error> Destination::abort() noexcept {
  if (c_->abort == nullptr) return std::nullopt;
  try {
    checked(plugin_, "abort", [&](sealos_error* error) { return c_->abort(c_.get(), error); });
    return std::nullopt;
  } catch (const Error& e) {
    return e;
  } catch (...) {
    return Error(Status::internal, "abort failed");
  }
}

}  // namespace sealos
