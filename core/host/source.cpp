#include "core/host/source.hpp"

#include <algorithm>
#include <limits>

#include "core/host/checked.hpp"
#include "core/host/listed_referrers.hpp"

namespace sealos {
namespace {

/// Collects what is emitted; a digest that is none becomes SEALOS_INVALID.
template <typename T, typename C>
sealos_status collect(void* to, const C* c) {
  return sdk::guard(nullptr, [&] { static_cast<std::vector<T>*>(to)->push_back(sdk::from_c(*c)); });
}

/// A stream of a plugin. Owns it.
class PluginStream final : public Stream {
 public:
  PluginStream(sealos_stream* c, std::string plugin) : c_(c), plugin_(std::move(plugin)) {}
  ~PluginStream() override {
    const InPlugin here(plugin_);
    if (c_->release != nullptr) c_->release(c_);
  }

  size_t read(std::span<std::byte> into) override {
    sdk::ErrorSlot error;
    const std::int64_t n = contained(plugin_, "a stream's read", [&] {
      return c_->read(c_, into.data(), into.size(), error.out());
    });
    if (n < 0) {
      constexpr std::int64_t kLeast = -std::numeric_limits<std::int64_t>::max();
      throw failure(plugin_, "a stream's read", -std::max(n, kLeast), error);
    }
    if (static_cast<std::uint64_t>(n) > into.size()) {
      throw broken_contract(plugin_, "gave more bytes of a stream than there was room for");
    }
    return static_cast<size_t>(n);
  }
  std::int64_t size() const override { return c_->size; }
  int fd() const override { return c_->fd; }

 private:
  sealos_stream* c_;
  std::string plugin_;
};

}  // namespace

Source::Source(sealos_source* c, std::string plugin) : c_(nullptr), plugin_(std::move(plugin)) {
  check_size(plugin_, "sealos_source", c, c == nullptr ? 0 : c->struct_size,
             SEALOS_SIZE_WITH(sealos_source, get_extension));
  check_member(plugin_, "sealos_source.read_manifest",
               reinterpret_cast<const void*>(c->read_manifest));
  check_member(plugin_, "sealos_source.open_blob", reinterpret_cast<const void*>(c->open_blob));
  c_.reset(c);
}

Source::~Source() {
  const InPlugin here(plugin_);
  c_.reset();
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  std::vector<Item> items;
  checked(plugin_, "read_manifest", [&](sealos_error* error) {
    return c_->read_manifest(c_.get(), c_str(instance), &collect<Item, sealos_item>, &items, error);
  });
  if (items.size() != 1) throw broken_contract(plugin_, "did not emit exactly one manifest");
  return std::move(items.front());
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  sealos_stream* out = nullptr;
  const sdk::BlobView view(blob);
  checked(plugin_, "open_blob", [&](sealos_error* error) {
    return c_->open_blob(c_.get(), view.c(), offset, length, &out, error);
  });
  check_size(plugin_, "sealos_stream", out, out == nullptr ? 0 : out->struct_size,
             SEALOS_SIZE_WITH(sealos_stream, read));
  // Owned from here on, so that one that is refused is released too.
  auto stream = std::make_unique<PluginStream>(out, plugin_);
  check_member(plugin_, "sealos_stream.read", reinterpret_cast<const void*>(out->read));
  return stream;
}

std::vector<Item> Source::read_signatures(const std::optional<Digest>& instance) {
  std::vector<Item> items;
  if (c_->read_signatures == nullptr) return items;
  checked(plugin_, "read_signatures", [&](sealos_error* error) {
    return c_->read_signatures(c_.get(), c_str(instance), &collect<Item, sealos_item>, &items,
                               error);
  });
  return items;
}

std::optional<std::vector<Blob>> Source::layer_infos(const std::optional<Digest>& instance) {
  if (c_->layer_infos == nullptr) return std::nullopt;
  std::vector<Blob> blobs;
  checked(plugin_, "layer_infos", [&](sealos_error* error) {
    return c_->layer_infos(c_.get(), c_str(instance), &collect<Blob, sealos_blob>, &blobs, error);
  });
  if (blobs.empty()) return std::nullopt;
  return blobs;
}

const sealos_source_referrers* Source::referrers() const {
  if (c_->get_extension == nullptr) return nullptr;
  const auto* found = static_cast<const sealos_source_referrers*>(contained(
      plugin_, "get_extension", [&] { return c_->get_extension(c_.get(), SEALOS_REFERRERS); }));
  return found != nullptr && SEALOS_HAS(found, sealos_source_referrers, list) ? found : nullptr;
}

std::vector<Referrer> Source::list_referrers(const Digest& subject,
                                             const std::optional<std::string>& artifact_type) {
  const sealos_source_referrers* known = referrers();
  if (known == nullptr) return {};
  return listed_referrers(plugin_, [&](sealos_emit emit, void* to, sealos_error* error) {
    return known->list(c_.get(), subject.str().c_str(),
                       artifact_type ? artifact_type->c_str() : nullptr, emit, to, error);
  });
}

std::vector<Attached> Source::list_attached(const Digest& subject) {
  const sealos_source_referrers* known = referrers();
  if (known == nullptr || !SEALOS_HAS(known, sealos_source_referrers, list_attached)) return {};
  std::vector<Item> items;
  checked(plugin_, "list of what is attached", [&](sealos_error* error) {
    return known->list_attached(c_.get(), subject.str().c_str(), &collect<Item, sealos_item>,
                                &items, error);
  });
  std::vector<Attached> out;
  for (Item& item : items) out.push_back({std::move(item.label), std::move(item.data)});
  return out;
}

}  // namespace sealos
