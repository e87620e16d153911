#include "objects.hpp"

#include <fmt/format.h>

namespace sealos::conformance {
namespace {

/// Takes what a plugin made, or says what it lacks.
template <typename T>
T* made(const char* what, T* c, size_t least) {
  require(c != nullptr, fmt::format("the plugin gave no {}", what));
  require(c->struct_size >= least,
          fmt::format("{} has {} bytes, ABI 1.0 has {}", what, c->struct_size, least));
  return c;
}

void has(const char* member, bool is_there) {
  require(is_there, fmt::format("{} is NULL", member));
}

/// A blob lent for one call.
class LentBlob {
 public:
  explicit LentBlob(const Blob& blob)
      : digest_(blob.digest ? std::optional(blob.digest->str()) : std::nullopt),
        type_(blob.media_type.empty() ? std::nullopt : std::optional(blob.media_type)),
        compression_(blob.compression),
        location_(blob.location.empty() ? std::nullopt : std::optional(blob.location)) {
    c_.struct_size = sizeof(c_);
    c_.flags = blob.flags;
    c_.digest = digest_.get();
    c_.size = blob.size;
    c_.media_type = type_.get();
    c_.compression = compression_.get();
    c_.location = location_.get();
    c_.layer_index = blob.layer_index;
  }
  const sealos_blob* c() const { return &c_; }

 private:
  Lent digest_, type_, compression_, location_;
  sealos_blob c_{};
};

/// A manifest or signature lent for one call.
class LentItem {
 public:
  explicit LentItem(const Item& item) : label_(item.label), data_(item.data) {
    c_ = {label_.get(), data_.get(), item.data.size()};
  }
  const sealos_item* c() const { return &c_; }

 private:
  Lent label_, data_;
  sealos_item c_{};
};

template <typename Object, typename C, typename Open>
Answer open(const char* function, C* object, const TestHost& host, Open open,
            std::unique_ptr<Object>& out) {
  has(function, open != nullptr);
  C* c = object;
  decltype(std::declval<Object>().c()) made = nullptr;
  const Answer answer =
      call(function, [&](sealos_error* error) { return open(c, host.c(), &made, error); });
  require(answer.ok() || made == nullptr,
          fmt::format("{} failed and gave an object all the same", function));
  if (answer.ok()) out = std::make_unique<Object>(made);
  return answer;
}

}  // namespace

template <typename T>
void Emitted<T>::check(const char* function) const {
  require(!from_other_thread, fmt::format("{} emitted from another thread", function));
  require(!after_stop, fmt::format("{} went on emitting after it was told to stop", function));
}
template void Emitted<Item>::check(const char*) const;
template void Emitted<Blob>::check(const char*) const;

OpenStream::OpenStream(sealos_stream* c)
    : c_(made("sealos_stream", c, SEALOS_SIZE_WITH(sealos_stream, read))) {
  has("sealos_stream.read", c->read != nullptr);
  require(c->fd < 0 || c->size >= 0, "a stream with an fd does not know its size");
}

Answer OpenStream::read(void* into, size_t room, size_t& got) {
  std::int64_t n = 0;
  const Answer answer = call("read", [&](sealos_error* error) -> sealos_status {
    n = c_->read(c_.get(), into, room, error);
    if (n >= 0) return SEALOS_OK;
    return n < -SEALOS_INTERNAL ? 9999 : static_cast<sealos_status>(-n);
  });
  require(n < 0 || static_cast<std::uint64_t>(n) <= room,
          fmt::format("read gave {} bytes where there was room for {}", n, room));
  got = n < 0 ? 0 : static_cast<size_t>(n);
  return answer;
}

std::string OpenStream::read_all(size_t room, size_t most) {
  std::string all, part(room, 0);
  while (true) {
    size_t got = 0;
    read(part.data(), room, got).must();
    if (got == 0) return all;
    all.append(part, 0, got);
    require(all.size() <= most, fmt::format("a stream did not end after {} bytes", most));
  }
}

Source::Source(sealos_source* c)
    : c_(made("sealos_source", c, SEALOS_SIZE_WITH(sealos_source, get_extension))) {
  has("sealos_source.read_manifest", c->read_manifest != nullptr);
  has("sealos_source.open_blob", c->open_blob != nullptr);
}

Answer Source::read_manifest(const std::optional<std::string>& instance, Items& out) {
  const Lent lent(instance);
  Answer answer = call("read_manifest", [&](sealos_error* error) {
    return c_->read_manifest(c(), lent.get(), &Items::receive<sealos_item>, &out, error);
  });
  out.check("read_manifest");
  return answer;
}

Item Source::manifest(const std::optional<std::string>& instance) {
  Items items;
  read_manifest(instance, items).must();
  require(items.all.size() == 1,
          fmt::format("read_manifest emitted {} manifests, not one", items.all.size()));
  return items.all.front();
}

Answer Source::open_blob(const Blob& blob, std::int64_t offset, std::int64_t length,
                         std::unique_ptr<OpenStream>& out) {
  sealos_stream* stream = nullptr;
  const LentBlob lent(blob);
  Answer answer = call("open_blob", [&](sealos_error* error) {
    return c_->open_blob(c(), lent.c(), offset, length, &stream, error);
  });
  require(answer.ok() || stream == nullptr, "open_blob failed and gave a stream all the same");
  if (answer.ok()) out = std::make_unique<OpenStream>(stream);
  return answer;
}

std::unique_ptr<OpenStream> Source::blob(const Blob& blob) {
  std::unique_ptr<OpenStream> stream;
  open_blob(blob, 0, -1, stream).must();
  return stream;
}

std::vector<Blob> Source::layer_infos(const std::optional<std::string>& instance) {
  Blobs blobs;
  if (c_->layer_infos == nullptr) return {};
  const Lent lent(instance);
  call("layer_infos", [&](sealos_error* error) {
    return c_->layer_infos(c(), lent.get(), &Blobs::receive<sealos_blob>, &blobs, error);
  }).must();
  blobs.check("layer_infos");
  return blobs.all;
}

std::vector<Item> Source::signatures() {
  Items items;
  call("read_signatures", [&](sealos_error* error) {
    return c_->read_signatures(c(), nullptr, &Items::receive<sealos_item>, &items, error);
  }).must();
  items.check("read_signatures");
  return items.all;
}

const sealos_source_referrers* Source::referrers() const {
  if (c_->get_extension == nullptr) return nullptr;
  const auto* found = static_cast<const sealos_source_referrers*>(
      contained("get_extension", [&] { return c_->get_extension(c(), SEALOS_REFERRERS); }));
  return found != nullptr && SEALOS_HAS(found, sealos_source_referrers, list) ? found : nullptr;
}

Destination::Destination(sealos_destination* c)
    : c_(made("sealos_destination", c, SEALOS_SIZE_WITH(sealos_destination, get_extension))) {
  has("sealos_destination.put_blob", c->put_blob != nullptr);
  has("sealos_destination.put_manifest", c->put_manifest != nullptr);
  has("sealos_destination.commit", c->commit != nullptr);
  require(c->compression >= SEALOS_PRESERVE && c->compression <= SEALOS_DECOMPRESS,
          "sealos_destination.compression is no value that there is");
}

bool Destination::takes(const std::string& manifest_type) const {
  const auto types = sdk::texts_of(c_->manifest_types);
  return !types || std::find(types->begin(), types->end(), manifest_type) != types->end();
}

Answer Destination::put_blob(const Blob& blob, Stream& from, Blobs& out) {
  const LentBlob lent(blob);
  sdk::StreamBox stream(from);
  Answer answer = call("put_blob", [&](sealos_error* error) {
    return c_->put_blob(c(), lent.c(), &stream, &Blobs::receive<sealos_blob>, &out, error);
  });
  out.check("put_blob");
  return answer;
}

Answer Destination::try_reuse(const Blob& blob, Blobs& out) {
  const LentBlob lent(blob);
  const sealos_blob* none[] = {nullptr};
  const sealos_reuse want = {sizeof(sealos_reuse), 0, lent.c(), none, nullptr};
  Answer answer = call("try_reuse", [&](sealos_error* error) {
    return c_->try_reuse(c(), &want, &Blobs::receive<sealos_blob>, &out, error);
  });
  out.check("try_reuse");
  return answer;
}

Answer Destination::put_manifest(const std::optional<std::string>& instance, const Item& manifest) {
  const Lent lent(instance);
  const LentItem item(manifest);
  return call("put_manifest", [&](sealos_error* error) {
    return c_->put_manifest(c(), lent.get(), item.c(), error);
  });
}

Answer Destination::put_signatures(const std::optional<std::string>& instance,
                                   const std::vector<Item>& all) {
  const Lent lent(instance);
  std::vector<std::unique_ptr<LentItem>> views;
  std::vector<sealos_item> items;
  for (const Item& item : all) {
    views.push_back(std::make_unique<LentItem>(item));
    items.push_back(*views.back()->c());
  }
  return call("put_signatures", [&](sealos_error* error) {
    return c_->put_signatures(c(), lent.get(), items.data(), items.size(), error);
  });
}

Answer Destination::commit(const Item& top) {
  const LentItem item(top);
  Items said;
  Answer answer = call("commit", [&](sealos_error* error) {
    return c_->commit(c(), item.c(), &Items::receive<sealos_item>, &said, error);
  });
  said.check("commit");
  return answer;
}

Answer Destination::abort() {
  if (c_->abort == nullptr) return {"abort", SEALOS_OK, "", false};
  return call("abort", [&](sealos_error* error) { return c_->abort(c(), error); });
}

Reference::Reference(sealos_reference* c)
    : c_(made("sealos_reference", c, SEALOS_SIZE_WITH(sealos_reference, get_extension))) {
  has("sealos_reference.canonical", c->canonical != nullptr);
  has("sealos_reference.policy_identity", c->policy_identity != nullptr);
}

Answer Reference::open_source(const TestHost& host, std::unique_ptr<Source>& out) const {
  return open("open_source", c_.get(), host, c_->open_source, out);
}
Answer Reference::open_destination(const TestHost& host, std::unique_ptr<Destination>& out) const {
  return open("open_destination", c_.get(), host, c_->open_destination, out);
}
Answer Reference::open_preview(const TestHost& host, std::unique_ptr<Destination>& out) const {
  return open("open_preview", c_.get(), host, c_->open_preview, out);
}

Answer Reference::list_tags(const TestHost& host, Items& out) const {
  Answer answer = call("list_tags", [&](sealos_error* error) {
    return c_->list_tags(c_.get(), host.c(), &Items::receive<sealos_item>, &out, error);
  });
  out.check("list_tags");
  return answer;
}

Answer Reference::remove(const TestHost& host, std::uint32_t flags) const {
  return call("remove",
              [&](sealos_error* error) { return c_->remove(c_.get(), host.c(), flags, error); });
}

}  // namespace sealos::conformance
