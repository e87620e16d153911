#include "archive_destination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sealos/sdk/reuse.hpp"
#include "support/digest/hasher.hpp"
#include "support/oci_layout/manifest_check.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/oci_layout/reach.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos::oci_archive {

using namespace oci_layout;

namespace {

constexpr unsigned kMode = 0644;
constexpr const char* kExisting = "oci-archive.existing";

/// What is only added to an image that is there leaves the rest of the file as it is.
Existing wish_of(const sdk::Host& host) {
  const Existing wish = existing_wish(host, kExisting);
  if (!host.flag("referrers-only").value_or(false)) return wish;
  if (wish == Existing::unsaid || wish == Existing::add) return Existing::add;
  throw Error(
      Status::unsupported,
      fmt::format("{} has no effect where only something is added; leave it away", kExisting));
}

LayoutIndex index_of(const TarFile& tar) {
  if (const auto layout = archive_text(tar, "oci-layout")) check_layout_version(*layout);
  const auto text = archive_text(tar, "index.json");
  if (!text) throw Error(Status::invalid, "there is no index.json in it: it is no OCI archive");
  return LayoutIndex::parse(*text);
}

}  // namespace

Destination::Destination(sdk::Host host, const LayoutName& name, sdk::Intent intent)
    : host_(host),
      name_(name),
      keep_uncompressed_(host.flag("oci-archive.accept-uncompressed").value_or(false)),
      preview_(intent == sdk::Intent::preview) {
  const ArchiveTarget target(name.path);
  const Existing wish = wish_of(host);
  if (target.exists()) open_former(target, wish);
  if (preview_) return;
  output_ = std::make_unique<ArchiveOutput>(host_, target, kMode, former_);
}

/// Replaces what would be replaced in a layout too; images of other names are not lost unasked.
void Destination::open_former(const ArchiveTarget& target, Existing wish) {
  if (wish == Existing::replace) return;
  if (wish == Existing::refuse) throw Error(Status::exists, "the file exists");
  const std::string advice =
      fmt::format("{0}=add adds this image, {0}=replace replaces the file", kExisting);
  try {
    former_ = std::make_shared<ArchiveBlobs>(open_archive(host_, target.path()));
    index_ = index_of(former_->tar());
  } catch (const Error& e) {
    throw Error(Status::exists,
                fmt::format("the file exists and cannot be added to ({}); {}=replace replaces it",
                            e.what(), kExisting));
  }
  if (wish == Existing::add) {
    if (former_->tar().index().find("manifest.json") == nullptr) return;
    throw Error(Status::unsupported,
                "the file is also a Docker archive, which would lose that "
                "part; add to it as docker-archive:");
  }
  if (!holds_this_alone()) {
    std::string names;
    for (const std::string& other : index_.names()) names += (names.empty() ? "" : ", ") + other;
    throw Error(Status::exists,
                fmt::format("the file holds other images ({}); {}",
                            names.empty() ? "without a name" : printable(names), advice));
  }
  former_.reset();
  index_ = LayoutIndex();
}

/// Whether the former file has nothing but the image of this name, and what refers to it.
bool Destination::holds_this_alone() const {
  const auto& entries = index_.entries();
  std::set<std::string> refer;
  for (const Json& entry : entries) {
    if (annotation(entry, kRefName) != name_.name) continue;
    const Digest image = Descriptor::of(entry).digest;
    for (const Referrer& one : referrers_in(entries, *former_, image, std::nullopt))
      refer.insert(one.digest.str());
  }
  return std::all_of(entries.begin(), entries.end(), [&](const Json& entry) {
    const std::string name = annotation(entry, kRefName);
    return name == name_.name || belongs_to_image(entry) ||
           (name.empty() && refer.contains(entry.text_at("digest")));
  });
}

std::vector<std::string> Destination::manifest_types() const {
  return {std::string(kOciManifest), std::string(kOciIndex)};
}

LayerCompression Destination::compression() const {
  return keep_uncompressed_ ? LayerCompression::preserve : LayerCompression::compress;
}

ArchiveOutput& Destination::output() {
  if (output_ == nullptr) throw Error(Status::internal, "oci-archive: the copy was aborted");
  return *output_;
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  return output().writer().put(blob, from);
}

/// A preview sees what could be carried over.
std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (!preview_) return output().try_reuse(want);
  return sdk::first_reusable(want, [&](const Blob&, const Digest& digest) {
    return former_ == nullptr ? std::nullopt : former_->size(digest);
  });
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  check_layout_manifest(instance, manifest);
  const Digest digest = instance ? *instance : digest_of(manifest.data);
  output().writer().put(digest, manifest.data);
  if (!instance)
    top_ = Descriptor{manifest.label, digest, static_cast<std::int64_t>(manifest.data.size())};
}

void Destination::put_referrer(const Item& manifest) {
  output().writer().put(belonging_.add_referrer(manifest), manifest.data);
}

void Destination::put_attached(const Digest& subject, const std::string& kind,
                               const Item& manifest) {
  output().writer().put(belonging_.add_attached(subject, kind, manifest), manifest.data);
}

std::vector<Referrer> Destination::list_referrers(
    const Digest& subject, const std::optional<std::string>& artifact_type) const {
  if (former_ == nullptr) return {};
  return referrers_in(index_.entries(), *former_, subject, artifact_type);
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!top_ && belonging_.empty())
    throw Error(Status::internal, "oci-archive: there is no manifest to commit");
  const std::string replaced = top_ ? index_.add(*top_, name_.name) : "";
  // An archive is no store: what has lost its name is not carried along for ever.
  if (!replaced.empty()) index_.remove_unnamed(replaced);
  belonging_.put_into(index_);
  if (former_) carry_over_images();
  output().writer().add("oci-layout", kLayoutFile);
  output().writer().add("index.json", index_.dump());
  output().commit();
  return std::nullopt;
}

void Destination::carry_over_images() {
  std::optional<std::set<Digest>> needed;
  try {
    needed = reachable_blobs(index_, *former_);
  } catch (const Error& e) {
    if (e.status() != Status::unsupported) throw;
    host_.debug(fmt::format("oci-archive: all blobs are carried over: {}", e.what()));
  }
  for (const TarMember& member : former_->tar().index().members()) {
    const auto digest = digest_in_path(member.name);
    if (digest && (!needed || needed->contains(*digest))) output().carry_over(*digest);
  }
}

}  // namespace sealos::oci_archive
