#include "oci_destination.hpp"

#include <fmt/format.h>

#include "sealos/sdk/reuse.hpp"
#include "support/digest/hasher.hpp"
#include "support/oci_layout/manifest_check.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/oci_layout/reach.hpp"

namespace sealos::oci {

using namespace oci_layout;

Destination::Destination(sdk::Host host, const LayoutName& name, sdk::Intent intent)
    : host_(host),
      name_(name),
      verify_reused_(host.flag("oci.verify-reused").value_or(false)),
      remove_replaced_(host.flag("oci.remove-replaced").value_or(false)),
      keep_uncompressed_(host.flag("oci.accept-uncompressed").value_or(false)),
      layout_(intent == sdk::Intent::write ? LayoutFolder::make(host, name.path)
                                           : LayoutFolder::look(host, name.path)),
      writer_(layout_.blobs()),
      ended_(intent == sdk::Intent::preview) {
  if (intent == sdk::Intent::write) blob_lock_ = layout_.blob_lock(host, FolderLock::Kind::shared);
}

Destination::~Destination() {
  try {
    abort();
  } catch (const Error& e) {
    host_.warn(fmt::format("oci:{}: {}", name_.path, e.what()));
  }
}

std::vector<std::string> Destination::manifest_types() const {
  return {std::string(kOciManifest), std::string(kOciIndex)};
}

LayerCompression Destination::compression() const {
  return keep_uncompressed_ ? LayerCompression::preserve : LayerCompression::compress;
}

Blob Destination::put_blob(const Blob& blob, Stream& from) { return writer_.put(blob, from); }

bool Destination::has(const Blob& blob) const {
  if (!blob.digest || layout_.blobs() == nullptr) return false;
  const auto size = layout_.blobs()->size(*blob.digest);
  if (!size || (blob.size >= 0 && *size != blob.size)) return false;
  return !verify_reused_ || layout_.blobs()->verify(*blob.digest);
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  return sdk::first_reusable(
      want, [&](const Blob& blob, const Digest& digest) -> std::optional<std::int64_t> {
        if (!has(blob)) return std::nullopt;
        writer_.use(digest);
        return layout_.blobs()->size(digest);
      });
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  check_layout_manifest(instance, manifest);
  const Digest digest = instance ? *instance : digest_of(manifest.data);
  writer_.put(digest, manifest.data);
  if (!instance)
    top_ = Descriptor{manifest.label, digest, static_cast<std::int64_t>(manifest.data.size())};
}

void Destination::put_referrer(const Item& manifest) {
  writer_.put(belonging_.add_referrer(manifest), manifest.data);
}

void Destination::put_attached(const Digest& subject, const std::string& kind,
                               const Item& manifest) {
  writer_.put(belonging_.add_attached(subject, kind, manifest), manifest.data);
}

std::vector<Referrer> Destination::list_referrers(
    const Digest& subject, const std::optional<std::string>& artifact_type) const {
  if (layout_.blobs() == nullptr) return {};
  return referrers_in(layout_.read_index(false).entries(), *layout_.blobs(), subject,
                      artifact_type);
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!top_ && belonging_.empty())
    throw Error(Status::internal, "oci: there is no manifest to commit");
  writer_.flush();
  layout_.write_layout_file();
  replace_index();
  ended_ = true;
  return std::nullopt;
}

void Destination::replace_index() {
  const FolderLock lock = layout_.index_lock(host_);
  LayoutIndex index = layout_.read_index(false);
  const LayoutIndex before = index;
  const std::string replaced = top_ ? index.add(*top_, name_.name) : "";
  belonging_.put_into(index);
  const bool drop = remove_replaced_ && !replaced.empty();
  if (drop) index.remove_unnamed(replaced);
  layout_.replace_index(index);
  if (!drop || layout_.shares_blobs()) return;
  // The image is there; what cannot be tidied up is worth a warning only.
  try {
    if (!blob_lock_->try_exclusive())
      throw Error(Status::unavailable, "other programs are writing to the layout");
    remove_blobs(reachable_blobs(before, *layout_.blobs()),
                 reachable_blobs(index, *layout_.blobs()), *layout_.blobs());
  } catch (const Error& e) {
    host_.warn(
        fmt::format("oci:{}: the blobs of the replaced image stay: {}", name_.path, e.what()));
  }
}

void Destination::abort() {
  if (ended_) return;
  ended_ = true;
  if (layout_.shares_blobs()) return layout_.unmake();
  if (!blob_lock_->try_exclusive() || is_named()) return;
  writer_.undo();
  layout_.unmake();
}

/// Whether index.json has this image, so that its blobs are needed, whatever failed afterwards.
bool Destination::is_named() const {
  if (!top_) return false;
  const LayoutIndex index = layout_.read_index(false);
  for (const Json& entry : index.entries()) {
    if (entry.text_at("digest") == top_->digest.str()) return true;
  }
  return false;
}

}  // namespace sealos::oci
